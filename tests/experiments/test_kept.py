"""A run is made once for its arguments and the code, whoever asks; each caller has a copy."""

import numpy as np
import pytest

from experiments import kept


@pytest.fixture
def made(monkeypatch, tmp_path):
    """The arguments with which a run was made, and a function `ask` that keeps its runs."""
    monkeypatch.setattr(kept, "FOLDER", tmp_path / "runs")

    class Made(list):
        pass

    made = Made()

    @kept.kept
    def ask(*arguments):
        made.append(arguments)
        return {"W": np.arange(3.0)}

    made.ask = ask
    return made


def test_the_same_arguments_make_one_run_and_a_copy_for_each_caller(made):
    first = made.ask(7, "W3")
    first["W"][:] = 0
    assert made.ask(7, "W3")["W"].tolist() == [0, 1, 2]
    assert made.ask(7, "W1")["W"].tolist() == [0, 1, 2]
    assert made == [(7, "W3"), (7, "W1")]


def test_other_code_makes_another_run(made, monkeypatch):
    made.ask(7)
    monkeypatch.setattr(kept, "_code", lambda: "edited")
    made.ask(7)
    assert len(made) == 2


def test_the_last_runs_are_kept(made, monkeypatch):
    monkeypatch.setattr(kept, "KEPT", 2)
    for seed in (1, 2, 3, 1):
        made.ask(seed)
    assert [seed for (seed,) in made] == [1, 2, 3, 1]
    assert len(list(kept.FOLDER.iterdir())) == 2


def test_where_nothing_can_be_written_a_run_is_made_all_the_same(made, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(kept, "FOLDER", tmp_path / "file" / "runs")
    assert made.ask(7)["W"].tolist() == [0, 1, 2]
