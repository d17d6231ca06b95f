"""execute.py: a block runs, says what it did, and cannot keep the build from ending."""

import subprocess
import sys
import threading
import time
import warnings

import numpy as np
import pytest

from tests.weave.pages import block
from weave import execute
from weave.execute import Chain, split_expression
from weave.fences import find_parts
from weave.page import ROOT


def run(source, flags="", chain=None, number=1, seconds=5):
    return (chain or Chain()).run(find_parts(block(source, flags))[0], "page.md", number, seconds)


def failure(outcome):
    return outcome.error_line, type(outcome.error).__name__, str(outcome.error)


@pytest.mark.parametrize(
    ("source", "printed"),
    [
        ("x = 1", ""),
        ("1 + 1", "2\n"),
        ("print('a')\n'b'", "a\n'b'\n"),
        ("None", ""),
        ("print('a');", "a\n"),
        ("import sys; _ = sys.stderr.write('e')", "e"),
        ("if True:\n    5", ""),
        ("# nothing", ""),
    ],
)
def test_a_block_shows_what_it_prints_then_its_last_value(source, printed):
    assert (run(source).printed, run(source).error) == (printed, None)


def test_a_value_that_draws_itself_is_drawn_and_not_written():
    outcome = run("class F:\n    def _repr_svg_(self):\n        return '<svg/>'\nF()")
    assert (outcome.drawing, outcome.printed) == ("<svg/>", "")


def test_a_class_is_no_drawing():
    assert run("class F:\n    def _repr_html_(self): ...\nF").drawing == ""


def test_what_the_block_sets_about_numpy_holds_for_its_value_and_ends_with_it():
    chain = Chain()
    outcome = run(
        "import numpy as np\nnp.set_printoptions(precision=2)\nnp.array([1 / 3])", chain=chain
    )
    assert outcome.printed == "array([0.33])\n"
    assert run("np.array([1 / 3])", "continuation", chain).printed == "array([0.33333333])\n"


def test_nothing_that_a_block_or_its_value_prints_leaks(capsys):
    outcome = run(
        "class V:\n    def __repr__(self):\n        print('in repr')\n        return 'V'\n"
        "print('hello')\nV()"
    )
    assert outcome.printed == "hello\nin repr\nV\n"
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("source", "line", "kind", "message"),
    [
        ("x = 4400\nassert x == 4401", 3, "AssertionError", "4400 != 4401"),
        ("assert 3 < 2", 2, "AssertionError", "3 >= 2"),
        ("assert 'a' in ['b']", 2, "AssertionError", "'a' not in ['b']"),
        ("x = None\nassert x is not None", 3, "AssertionError", "None is None"),
        ("assert 1 == 2, 'why'", 2, "AssertionError", "why"),
        (
            "import numpy as np\nassert np.allclose(1, 2)",
            3,
            "AssertionError",
            "np.allclose(1, 2) is false",
        ),
        ("assert 1 < 2 < 2", 2, "AssertionError", "1 < 2 < 2 is false"),
        (
            "def f(x):\n    return x\nassert f(1) == dict(\n    a=[1,\n 2])",
            4,
            "AssertionError",
            "1 != {'a': [1, 2]}",
        ),
        ("def f():\n    assert 1 == 2\n\nf()", 3, "AssertionError", "1 != 2"),
        ("1 / 0", 2, "ZeroDivisionError", "division by zero"),
        ("\n\nimport nowhere", 4, "ModuleNotFoundError", "No module named 'nowhere'"),
        ("raise SystemExit(3)", 2, "SystemExit", "3"),
        ("import warnings\nwarnings.warn('old')", 3, "UserWarning", "old"),
        ("input()", 2, "EOFError", "EOF when reading a line"),
        (
            "class F:\n    def _repr_html_(self):\n        return 1 / 0\nF()",
            4,
            "ZeroDivisionError",
            "division by zero",
        ),
    ],
)
def test_an_error_names_its_line_and_shows_the_values(source, line, kind, message):
    assert failure(run(source)) == (line, kind, message)


def test_both_sides_of_an_assert_are_evaluated_once():
    outcome = run(
        "calls = []\ndef f():\n    calls.append(1)\n    return 2\nassert f() == 2\nlen(calls)"
    )
    assert outcome.printed == "1\n"


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("x = 1\ny = = 2", 3),
        ("x = 1\nreturn x", 3),
        ("if x:\npass", 3),
        ("(1,\n", 2),
        ("break", 2),
        ("x = '\\d'", 2),  # a SyntaxWarning, and so an error
    ],
)
def test_a_syntax_error_names_its_line_whoever_finds_it(source, line):
    outcome = run(source)
    assert isinstance(outcome.error, SyntaxError)
    assert outcome.error_line == line


def test_an_error_in_a_called_snippet_names_the_line_of_the_page():
    outcome = run("from snippets.count import count_parameters\n\ncount_parameters([(0, 3)])")
    assert failure(outcome)[:2] == (4, "ValueError")
    assert "0×3" in str(outcome.error)


def test_warnings_and_the_keyboard_are_as_before_after_a_block():
    def state():
        return list(warnings.filters), sys.stdin, sys.stdout, np.get_printoptions()

    before = state()
    run("import warnings\nwarnings.simplefilter('ignore')\n1 / 0")
    run("import numpy as np\nnp.set_printoptions(precision=1)")
    assert state() == before


@pytest.mark.parametrize(
    ("flag", "source", "expected"),
    [
        ("raises=ValueError", "raise ValueError('no')", ("ValueError: no", None)),
        ("raises=ArithmeticError", "1 / 0", ("ZeroDivisionError: division by zero", None)),
    ],
)
def test_a_block_that_is_meant_to_fail_shows_its_message(flag, source, expected):
    outcome = run(source, flag)
    assert (outcome.raised, outcome.error) == expected


def test_a_block_that_should_fail_and_does_not_is_an_error():
    assert failure(run("x = 1", "raises=ValueError")) == (
        1,
        "AssertionError",
        "this block should raise ValueError; it raises nothing",
    )


def test_a_block_that_fails_otherwise_than_it_should_keeps_its_own_error():
    assert failure(run("1 / 0", "raises=ValueError"))[1] == "ZeroDivisionError"


@pytest.mark.parametrize(
    "source", ["print('x' * 200_000)", "'x' * 200_000", "while True:\n    print('y' * 999)"]
)
def test_a_block_may_not_show_more_than_a_reader_reads(source):
    assert "may print 100000 characters" in str(run(source).error)


ENDLESS = {
    "a loop": "while True: pass",
    "a sleep": "import time\ntime.sleep(60)",
    "one that swallows exceptions": (
        "def work(): sum(range(100))\n"
        "while True:\n    try:\n        work()\n    except Exception:\n        pass"
    ),
    "a value that never ends writing itself": (
        "class V:\n    def __repr__(self):\n        while True: pass\nV()"
    ),
    "a drawing that never ends": (
        "class V:\n    def _repr_svg_(self):\n        while True: pass\nV()"
    ),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_a_block_that_never_ends_is_stopped_with_its_time(name):
    begin = time.monotonic()
    outcome = run(ENDLESS[name], seconds=0.3)
    assert str(outcome.error) == "the block still ran after 0.3 s and was stopped"
    assert outcome.error_line > 1
    assert time.monotonic() - begin < 3
    assert run("1 + 1").printed == "2\n"


def test_a_block_that_never_ends_is_stopped_on_another_thread_too():
    outcomes = []
    thread = threading.Thread(target=lambda: outcomes.append(run("while True: pass", seconds=0.2)))
    thread.start()
    thread.join(timeout=10)
    assert str(outcomes[0].error) == "the block still ran after 0.2 s and was stopped"


def test_a_block_that_runs_a_page_itself_keeps_its_own_limit():
    source = (
        "from weave.page import weave_page\nweave_page('{{ 1 }}', 'inner.md')\nwhile True: pass"
    )
    outcome = run(source, seconds=0.5)
    assert failure(outcome)[::2] == (4, "the block still ran after 0.5 s and was stopped")


UNSTOPPABLE = {
    "catches everything": (
        "def work(): sum(range(100))\n"
        "while True:\n    try:\n        while True: work()\n    except BaseException: pass",
        "page.md:1: the block still ran after 0.3 s and was stopped, "
        "and the build with it: it ignored the stop",
    ),
    "never leaves compiled code": (
        "import itertools\nsum(itertools.repeat(1))",
        'File "page.md", line 3 in <module>',
    ),
}


@pytest.mark.parametrize("name", UNSTOPPABLE)
def test_a_block_that_cannot_be_stopped_ends_the_build_with_a_message(name):
    source, message = UNSTOPPABLE[name]
    program = (
        "from weave import execute\n"
        "from weave.fences import find_parts\n"
        "execute.GRACE = 0.3\n"
        "with execute.last_resort():\n"
        f"    execute.Chain().run(find_parts({block(source)!r})[0], 'page.md', 1, seconds=0.3)\n"
        "print('came back')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 1
    assert done.stderr.count(message) == 1
    assert ("Timeout" in done.stderr) == (name == "never leaves compiled code")
    assert done.stdout == ""


def test_a_key_press_still_ends_the_build():
    with pytest.raises(KeyboardInterrupt):
        run("raise KeyboardInterrupt")


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("x, (y, *z) = 1, (2, 3)", {"x", "y", "z"}),
        ("import numpy as np, os.path\nfrom math import pi as p", {"np", "os", "p"}),
        ("for i in range(3): j = i", {"i", "j"}),
        ("d['a'] = d.b.c[0] = 1", {"d"}),
        ("x += 1\n(w := 2)\nwith open('f') as g: pass", {"x", "w", "g"}),
        ("def f(a):\n    total = 1\nclass C:\n    inner = 1", {"f", "C"}),
        ("x = [name for name in 'ab']\nh = lambda q: (q)", {"x", "h"}),
    ],
)
def test_a_block_is_known_for_the_names_it_sets_and_no_others(source, names):
    chain = Chain()
    run(source, chain=chain, number=7)
    assert chain.set_by == dict.fromkeys(names, 7)


@pytest.mark.parametrize(
    ("source", "specification"),
    [
        ("x", ""),
        ("x:.2f", ".2f"),
        ("x:>10", ">10"),
        ('x["a:b"]:g', "g"),
        ("x[1:2]", ""),
        ("x[1:2]:>5", ">5"),
        ("{1: 2}[1]:d", "d"),
        ("(lambda a: a)(3):03d", "03d"),
        ("lambda: 3", ""),
        ("x if y else z:,", ","),
        ('"::":>4', ">4"),
        ("when:%H:%M", "%H:%M"),
    ],
)
def test_an_expression_ends_at_the_colon_that_is_not_its_own(source, specification):
    assert split_expression(source)[1] == specification


@pytest.mark.parametrize("source", ["x!r", "x y", "x =", "}", "for"])
def test_what_is_no_expression_is_said_to_be_none(source):
    with pytest.raises(SyntaxError, match="is not a Python expression"):
        split_expression(source)


def test_the_limits_are_those_that_the_guide_promises():
    assert (execute.SECONDS, execute.OUTPUT_LIMIT) == (10, 100_000)
