"""execute.py: a block runs as plain Python does, and says what it did."""

import pytest

from tests.weave.pages import block, problems, weave
from weave import execute, runner


def run(*sources, flags=""):
    """The Outcome of the last of some blocks that go on with each other."""
    first, *others = sources
    text = block(first, flags) + "".join(f"\n{block(s, 'continuation')}" for s in others)
    return weave(text).blocks[-1].outcome


def failure(outcome):
    return outcome.error_line, outcome.error


@pytest.mark.parametrize(
    ("source", "printed"),
    [
        ("x = 1", ""),
        ("1 + 1", "2\n"),
        ("print('a')\n'b'", "a\n'b'\n"),
        ("print('a', end='')\n'b'", "a\n'b'\n"),
        ("None", ""),
        ("print('a');", "a\n"),
        ("import sys; _ = sys.stderr.write('e')", "e"),
        ("if True:\n    5", ""),
        ("# nothing", ""),
        ("import os; _ = os.system('echo from a shell')", "from a shell\n"),
        ("import os; print(1); os.system('echo 2'); print(3)", "1\n2\n3\n"),
        (
            "import subprocess as s; print(1); _ = s.run('echo 2; echo 3 >&2', shell=True)",
            "1\n2\n3\n",
        ),
    ],
)
def test_a_block_shows_what_it_prints_then_its_last_value(source, printed):
    assert (run(source).printed, run(source).error) == (printed, "")


# ---- values that draw themselves -------------------------------------------------------------


def drawing(body, name="_repr_html_"):
    return f"class V:\n    def __repr__(self):\n        return 'V()'\n    {body}\nV()"


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        (drawing("def _repr_svg_(self):\n        return '<svg/>'"), ("<svg/>", "")),
        (drawing("def _repr_html_(self):\n        return None"), ("", "V()\n")),
        (drawing("def _repr_html_(self):\n        return None\n    def _repr_svg_(self):\n        return '<svg/>'"), ("<svg/>", "")),
        (drawing("def _repr_html_(self):\n        return '<b/>', {'isolated': True}"), ("<b/>", "")),
        (drawing("def _repr_html_(self):\n        return ''"), ("", "V()\n")),
        (drawing("_repr_html_ = None"), ("", "V()\n")),
        (drawing("def __getattr__(self, name):\n        return lambda: 7"), ("", "V()\n")),
        (drawing("def __getattr__(self, name):\n        raise ValueError(name)"), ("", "V()\n")),
        ("class F:\n    def _repr_html_(self): ...\nF", ("", "<class '__main__.F'>\n")),
        ("class S(str): ...\nclass V:\n    def _repr_html_(self):\n        return S('<b/>')\nV()", ("<b/>", "")),
    ],
)  # fmt: skip
def test_a_value_that_draws_itself_is_drawn_and_any_other_written(source, shown):
    outcome = run(source)
    assert ((outcome.drawing, outcome.printed), outcome.error) == (shown, "")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("def _repr_html_(self):\n        return 1 / 0", "ZeroDivisionError: division by zero"),
        ("def _repr_html_(self):\n        return 7", "TypeError: _repr_html_ of V returned int, not text"),
        ("def _repr_svg_(self):\n        return b'<svg/>'", "TypeError: _repr_svg_ of V returned bytes, not text"),
        ("def _repr_html_(self, more):\n        return ''", "TypeError: V._repr_html_() missing 1 required positional argument: 'more'"),
        ("def _repr_html_(self):\n        return '\\0'", "ValueError: the drawing holds the character '\\x00'"),
        ("def _repr_html_(self):\n        return '\\ud800'", "ValueError: the drawing holds the character '\\ud800'"),
        ("def __repr__(self):\n        return 1 / 0", "ZeroDivisionError: division by zero"),
        ("def __repr__(self):\n        return 7", "TypeError: __repr__ returned non-string (type int)"),
        ("def __repr__(self):\n        raise SystemExit", "SystemExit"),
        ("def __repr__(self):\n        return '\\ud800'", "UnicodeEncodeError: 'utf-8' codec can't encode character '\\ud800' in position 1: surrogates not allowed"),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_shown_is_an_error_of_its_line(body, message):
    outcome = run("class V:\n    " + body + "\n\nV()")
    assert outcome.error == message
    assert outcome.error_line >= 3


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("V()", "ZeroDivisionError: division by zero"),
        ("V():q", "ZeroDivisionError: division by zero"),
        ("object():d", "TypeError: unsupported format string passed to object.__format__"),
        ("3:q", "ValueError: Unknown format code 'q' for object of type 'int'"),
        ("None", "ValueError: {{ None }} is None: it shows nothing"),
        ("print(1)", "ValueError: {{ print(1) }} is None: it shows nothing"),
        ("'\\ud800'", "UnicodeEncodeError: 'utf-8' codec can't encode character '\\ud800' in position 1: surrogates not allowed"),
    ],
)  # fmt: skip
def test_a_value_in_prose_that_cannot_be_shown_is_an_error(expression, message):
    text = block("class V:\n    def __format__(self, how):\n        return 1 / 0")
    assert problems(f"{text}\n{{{{ {expression} }}}}\n") == [f"page.md:7: {message}"]


# ---- output that is no plain text ------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "printed"),
    [
        ("print('\\x1b[31mred\\x1b[0m')", "red\n"),
        ("for k in range(3):\n    print(f'\\r{k} of 2', end='')\nprint()", "2 of 2\n"),
        ("print('abc\\b\\bX')", "aXc\n"),
        ("print('a\\0b')", "ab\n"),
        ("import sys\n_ = sys.stderr.write('\\x1b[2K\\rdone\\n')", "done\n"),
        ("class V:\n    def __repr__(self):\n        return '\\x1b[1mV\\x1b[m'\nV()", "V\n"),
        ("import os\n_ = os.write(1, b'\\xff\\n')", "\ufffd\n"),
        ("'\\ud800'", "'\\ud800'\n"),
        ("print('\\ue000\\ue010\\ue001')", "\ue000\ue010\ue001\n"),
    ],
)  # fmt: skip
def test_output_is_shown_as_a_terminal_would_at_the_end(source, printed):
    assert (run(source).printed, run(source).error) == (printed, "")


def test_private_characters_in_output_are_no_pieces_of_the_page():
    page = weave(block("print('\ue000\ue010\ue001')") + "\nEnd.\n")
    html = page.resolve(page.text)
    assert "<samp>\ufffd\ufffd\ufffd</samp>" in html
    assert html.count("<samp>") == 1


def test_a_lone_surrogate_is_refused_where_it_is_printed():
    message = "UnicodeEncodeError: 'utf-8' codec can't encode character '\\ud800' in position 0"
    assert problems("a\n\n" + block("x = 1\nprint('\\ud800')"))[0].startswith(
        f"page.md:5: {message}"
    )


# ---- errors ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "line", "message"),
    [
        ("x = 4400\nassert x == 4401", 3, "AssertionError: 4400 != 4401"),
        ("assert 3 < 2", 2, "AssertionError: 3 >= 2"),
        ("assert 'a' in ['b']", 2, "AssertionError: 'a' not in ['b']"),
        ("assert 'a' not in ['a']", 2, "AssertionError: 'a' in ['a']"),
        ("x = None\nassert x is not None", 3, "AssertionError: None is None"),
        ("assert 1 == 2, 'why'", 2, "AssertionError: why"),
        (
            "import numpy as np\nassert np.allclose(1, 2)",
            3,
            "AssertionError: np.allclose(1, 2) is false",
        ),
        ("assert 1 < 2 < 2", 2, "AssertionError: 1 < 2 < 2 is false"),
        (
            "def f(x):\n    return x\nassert f(1) == dict(\n    a=[1,\n 2])",
            4,
            "AssertionError: 1 != {'a': [1, 2]}",
        ),
        ("def f():\n    assert 1 == 2\n\nf()", 3, "AssertionError: 1 != 2"),
        ("1 / 0", 2, "ZeroDivisionError: division by zero"),
        ("\n\nimport nowhere", 4, "ModuleNotFoundError: No module named 'nowhere'"),
        ("raise SystemExit(3)", 2, "SystemExit: 3"),
        ("raise KeyboardInterrupt", 2, "KeyboardInterrupt"),
        ("import warnings\nwarnings.warn('old')", 3, "UserWarning: old"),
        ("input()", 2, "EOFError: EOF when reading a line"),
        ("raise ValueError('\\ud800')", 2, "ValueError: \\ud800"),
        ("raise ValueError('\\x1b[31mred')", 2, "ValueError: red"),
        (
            "class E(Exception):\n    def __str__(self):\n        return 1 / 0\n\nraise E",
            6,
            "E, whose text can't be had (ZeroDivisionError)",
        ),
        ("import sys\nsys.stdout.close()\nprint(1)", 4, "ValueError: I/O operation on closed file."),
        ("import os\nos.close(1)\nprint(1)", 4, "OSError: [Errno 9] Bad file descriptor"),
    ],
)  # fmt: skip
def test_an_error_names_its_line_and_shows_the_values(source, line, message):
    assert failure(run(source)) == (line, message)


def test_both_sides_of_an_assert_are_evaluated_once_and_leave_no_names():
    outcome = run(
        "calls = []\ndef f():\n    calls.append(1)\n    return 2\n_left = 5\nassert f() == 2\n"
        "print(len(calls), _left, [n for n in dir() if not n.startswith('__')])"
    )
    assert outcome.printed == "1 5 ['_left', 'calls', 'f']\n"


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
    assert outcome.error.startswith(("SyntaxError: ", "IndentationError: "))
    assert outcome.error_line == line


def test_an_error_in_a_called_snippet_names_the_line_of_the_page():
    outcome = run("from snippets.count import count_parameters\n\ncount_parameters([(0, 3)])")
    assert outcome.error_line == 4
    assert outcome.error.startswith("ValueError: ") and "0×3" in outcome.error


UNCAUGHT = {
    "a file left open": (
        "text = open('LICENSE').read()",
        "ResourceWarning: unclosed file <_io.TextIOWrapper name='LICENSE' mode='r' encoding='UTF-8'>",
    ),
    "an error while something is cleared away": (
        "class F:\n    def __del__(self):\n        raise ValueError('no')\nF();",
        "ValueError: no",
    ),
    "an error in a thread": (
        "import threading\nthread = threading.Thread(target=lambda: 1 / 0)\nthread.start()\nthread.join()",
        "ZeroDivisionError: division by zero",
    ),
    "a coroutine that nobody waits for": (
        "async def f(): ...\nf();",
        "RuntimeWarning: coroutine 'f' was never awaited",
    ),
    "a task that nobody asks": (
        "import asyncio\nasync def f():\n    asyncio.create_task(g())\n    await asyncio.sleep(0)\n"
        "async def g():\n    1 / 0\nasyncio.run(f())",
        "ValueError: Python says 'Task exception was never retrieved': an error that nothing catches",
    ),
    "an error in another Python": (
        "import subprocess, sys\ncode = 'class F:\\n  def __del__(self): 1 / 0\\nF()'\n"
        "_ = subprocess.run([sys.executable, '-c', code])",
        "ValueError: Python says 'Exception ignored in': an error that nothing catches",
    ),
    "an error in a process": (
        "import multiprocessing as m\np = m.get_context('fork').Process(target=lambda: 1 / 0)\n"
        "p.start()\np.join()",
        "an error that nothing catches",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", UNCAUGHT)
def test_an_error_that_reaches_nobody_is_one_of_the_block(name):
    source, message = UNCAUGHT[name]
    outcome = run(source)
    assert message in outcome.error
    assert 1 <= outcome.error_line <= source.count("\n") + 2
    assert "Exception ignored" not in outcome.printed


@pytest.mark.parametrize(
    ("flag", "source", "expected"),
    [
        ("raises=ValueError", "raise ValueError('no')", ("ValueError: no", "")),
        ("raises=ValueError", "raise ValueError", ("ValueError", "")),
        ("raises=ArithmeticError", "1 / 0", ("ZeroDivisionError: division by zero", "")),
        ("raises=SystemExit", "raise SystemExit", ("SystemExit", "")),
        ("raises=SyntaxError", "x = = 1", ("SyntaxError: invalid syntax", "")),
    ],
)
def test_a_block_that_is_meant_to_fail_shows_its_message(flag, source, expected):
    outcome = run(source, flags=flag)
    assert (outcome.raised, outcome.error) == expected


def test_a_block_that_should_fail_and_does_not_is_an_error():
    assert failure(run("x = 1", flags="raises=ValueError")) == (
        1,
        "AssertionError: this block should raise ValueError; it raises nothing",
    )


def test_a_block_that_fails_otherwise_than_it_should_keeps_its_own_error():
    assert run("1 / 0", flags="raises=ValueError").error == "ZeroDivisionError: division by zero"


@pytest.mark.parametrize(
    "source",
    [
        "print('x' * 200_000)",
        "'x' * 200_000",
        "while True:\n    print('y' * 999)",
        "import os\n_ = os.system('yes | head -c 300000')",
        "class V:\n    def __repr__(self):\n        return 'x' * 200_000\nV()",
    ],
)
def test_a_block_may_not_show_more_than_a_reader_reads(source):
    assert "may print 100000 characters" in run(source).error


# ---- plain Python ----------------------------------------------------------------------------

PLAIN = {
    "dataclass": (
        "from dataclasses import dataclass\n@dataclass\nclass Layer:\n    rows: int\nLayer(3)",
        "Layer(rows=3)\n",
    ),
    "named tuple": (
        "from typing import NamedTuple\nclass P(NamedTuple):\n    x: int = 1\nP()",
        "P(x=1)\n",
    ),
    "signature": (
        "import inspect\ndef f(x: int) -> float: ...\nprint(inspect.signature(f))",
        "(x: int) -> float\n",
    ),
    "annotations": ("def f(x: int): ...\nf.__annotations__", "{'x': <class 'int'>}\n"),
    "annotations of the module": ("x: int = 3\n__annotations__", "{'x': <class 'int'>}\n"),
    "type hints": (
        "import typing\nclass A: ...\ndef f(x: 'A') -> None: ...\ntyping.get_type_hints(f)",
        "{'x': <class '__main__.A'>, 'return': <class 'NoneType'>}\n",
    ),
    "source": ("import inspect\ndef f():\n    return 1\nprint(inspect.getsource(f))", "def f():\n    return 1\n\n"),
    "pickle": (
        "import pickle\nclass A:\n    x = 1\npickle.loads(pickle.dumps(A())).x",
        "1\n",
    ),
    "process pool": (
        "from concurrent.futures import ProcessPoolExecutor as Pool\ndef square(x):\n    return x * x\n"
        "with Pool(2) as pool:\n    print(list(pool.map(square, range(4))))",
        "[0, 1, 4, 9]\n",
    ),
    "pool that is never closed": (
        "from multiprocessing import Pool\npool = Pool(2)\npool.map(abs, [-1, -2])",
        "[1, 2]\n",
    ),
    "main": ("def main():\n    print('ran')\n\nif __name__ == '__main__':\n    main()", "ran\n"),
    "main module": ("import sys\nx = 3\nsys.modules['__main__'].x", "3\n"),
    "arguments": ("import sys\nsys.argv", "['']\n"),
    "no file": ("'__file__' in globals()", "False\n"),
    "no names of ours": (
        "[n for n in dir() if not n.startswith('__')]",
        "[]\n",
    ),
    "logging": (
        "import logging\nlogging.basicConfig(level=logging.INFO, format='%(message)s')\nlogging.info('said')",
        "said\n",
    ),
    "asyncio": (
        "import asyncio\nasync def f():\n    await asyncio.sleep(0)\n    return 1\nasyncio.run(f())",
        "1\n",
    ),
    "future of its own": (
        "from __future__ import annotations\ndef f(x: nobody): ...\nf.__annotations__",
        "{'x': 'nobody'}\n",
    ),
    "comprehension in a class": ("class A:\n    x = [k for k in range(2)]\nA.x", "[0, 1]\n"),
    "printing": (
        "import numpy as np\nnp.set_printoptions(precision=2)\nnp.array([1 / 3])",
        "array([0.33])\n",
    ),
    "a fork that goes on": (
        "import os\nif os.fork() == 0:\n    pass\nelse:\n    _ = os.wait()\n    print('parent')",
        "parent\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PLAIN)
def test_a_block_is_plain_python(name):
    source, printed = PLAIN[name]
    page = weave(block(source))
    assert (page.problems, page.blocks[0].outcome.printed) == ([], printed)


@pytest.mark.parametrize(
    ("first", "then", "printed"),
    [
        ("from __future__ import annotations", "def f(x: nobody): ...\nf.__annotations__", "{'x': 'nobody'}\n"),
        ("import numpy as np\nnp.set_printoptions(precision=2)", "np.array([1 / 3])", "array([0.33])\n"),
        ("import logging\nlogging.basicConfig(level=20, format='%(message)s')", "logging.info('said')", "said\n"),
        ("import warnings\nwarnings.simplefilter('ignore')", "warnings.warn('old')\n1", "1\n"),
        ("def f():\n    return x", "x = 2\nf()", "2\n"),
        ("import random\nrandom.seed(1)", "random.random()", "0.13436424411240122\n"),
    ],
)  # fmt: skip
def test_a_continuation_finds_everything_as_its_block_left_it(first, then, printed):
    outcome = run(first, then)
    assert (outcome.error, outcome.printed) == ("", printed)


def test_a_new_chain_has_a_main_module_of_its_own():
    text = block("x = 1") + "\n" + block("import sys\nhasattr(sys.modules['__main__'], 'x')")
    assert weave(text).blocks[1].outcome.printed == "False\n"


# ---- the same each time ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("object()", "this shows a place in memory"),
        ("print([object()])", "this shows a place in memory"),
        ("abs.__call__", "this shows a place in memory"),
        ("def f(): ...\nprint(f'{f}')", "this shows a place in memory"),
        ("{'apple', 'pear'}", "a set has no order"),
        ("[frozenset('ab')]", "a set has no order"),
        ("{'a': {int, str}}", "a set has no order"),
        ("import os\nprint(os.getcwd())", "this shows where the repository lies"),
        ("from pathlib import Path\nPath('data').resolve()", "this shows where the repository lies"),
        ("import snippets\nsnippets", "this shows where the repository lies"),
    ],
)  # fmt: skip
def test_what_cannot_be_the_same_each_time_is_said_to_be_so(source, message):
    assert message in run(source).error


@pytest.mark.parametrize(
    "source", ["{3, 1, 2}", "{'a'}", "{(1, 2.5), (0,)}", "set()", "print('at 0x')", "0x7fffffff"]
)
def test_what_is_the_same_each_time_may_be_shown(source):
    assert run(source).error == ""


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("x, (y, *z) = 1, (2, 3)", {"x", "y", "z"}),
        ("import numpy as np, os.path\nfrom math import pi as p", {"np", "os", "p"}),
        ("for i in range(3): j = i", {"i", "j"}),
        ("d = {}\nd['a'] = 1", {"d"}),
        ("x = 1\nx += 1\n(w := 2)\nwith open('LICENSE') as g: pass", {"x", "w", "g"}),
        ("def f(a):\n    total = 1\nclass C:\n    inner = 1", {"f", "C"}),
        ("x = [name for name in 'ab']\nh = lambda q: (q)", {"x", "h"}),
    ],
)
def test_a_block_is_known_for_the_names_it_sets_and_no_others(source, names):
    text = block("name = total = inner = q = a = 0") + "\n" + block(source, "continuation")
    every = sorted({*names, "name", "total", "inner", "q", "a"})
    for name in every:
        outcome = weave(f"{text}\n{{{{ [{name}, 0][1] }}}}\n")
        value = outcome.pieces[-1][0]
        assert (f'data-block="block-{2 if name in names else 1}"' in value) is True, name


def test_the_limits_are_those_that_the_guide_promises():
    assert (runner.SECONDS, execute.OUTPUT_LIMIT) == (10, 100_000)


@pytest.mark.parametrize("name", ["len", "isinstance", "repr", "print", "getattr", "ValueError"])
def test_a_block_may_not_replace_what_the_page_needs_itself(name):
    text = block(f"import builtins\nbuiltins.{name} = None") + "\n{{ len('abc') }}\n"
    message = f"builtins.{name} is replaced: give yours a name of its own"
    assert problems(text) == [f"page.md:1: ValueError: {message}"]
    assert problems(text.replace(f"builtins.{name} = None", f"del builtins.{name}")) == [
        f"page.md:1: ValueError: {message}"
    ]


def test_a_block_may_replace_a_builtin_for_a_while():
    source = "from unittest.mock import patch\nwith patch('builtins.input', lambda: '4'):\n    x = input()\nx"
    assert run(source).value == "'4'"


def draws(html):
    return f"class F:\n    def _repr_html_(self):\n        return {html!r}\nF()"


@pytest.mark.parametrize(
    ("html", "tag"),
    [
        ("<div><b>4400</div>", "</div>"),
        ("<div>4400", "<div>"),
        ("4400</div>", "</div>"),
        ("<div>4400</div></div>", "</div>"),
        ("<svg><g></svg>", "</svg>"),
        ("<table><tr><td>4400</table></div>", "</div>"),
    ],
)
def test_a_drawing_that_would_change_what_follows_it_is_refused(html, tag):
    message = f"ValueError: the drawing is no whole HTML: its {tag} has no other half"
    assert run(draws(html)).error == message


@pytest.mark.parametrize(
    "html",
    [
        "<ul><li>a<li>b</ul>",
        "<table><tr><td>a<tr><td>b</table>",
        "a < b > c<br><img src='a.png'><hr/>",
        '<i title="</b> > ">x</i><!-- </b> -->',
        """<script type="application/json">"</b>"</script>""",
        "<svg><path d=''/><G></g></svg>",
        "<p>a<p>b",
    ],
)
def test_a_whole_drawing_is_drawn(html):
    assert run(draws(html)).drawing == html
