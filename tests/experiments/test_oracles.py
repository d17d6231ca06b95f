"""One reader for what real frameworks have counted and measured."""

import pytest

from experiments.oracles import ORACLES, oracle


@pytest.mark.parametrize("name", sorted(path.stem for path in ORACLES.glob("*.json")))
def test_every_oracle_can_be_read_by_its_name(name):
    assert isinstance(oracle(name), dict)


def test_an_oracle_that_is_not_there_is_refused_by_name():
    with pytest.raises(ValueError, match="^name must be one of bert-base-uncased, .*got 'bert'$"):
        oracle("bert")
