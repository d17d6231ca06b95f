"""runner.py: each page runs in a process of its own; what it does there stays there and is said."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.weave.pages import block, problems
from weave import page as pages
from weave import runner
from weave.page import ROOT, Draft, Source
from weave.runner import weave_sources


def sources(*texts, path="page-{}.md"):
    return [Source(path.format(number), text) for number, text in enumerate(texts, 1)]


def said(*texts, **options):
    """What is wrong with some pages that are woven together."""
    return [[str(p) for p in page.problems] for page in weave_sources(sources(*texts), **options)]


def printed(*texts):
    pages = weave_sources(sources(*texts))
    assert [page.problems for page in pages] == [[] for _ in pages]
    return [page.blocks[-1].outcome.printed for page in pages]


GOOD = block("print('fine')") + "\n{{ 1 + 1 }}\n"


def test_pages_come_back_in_order_with_their_own_lines():
    pages = [Source("a.md", block("1 / 0"), 3), Source("b.md", "{{ 1 + 1 }}\n"), Source("c.md", "")]
    first, second, third = weave_sources(pages, processes=1)
    assert [str(problem) for problem in first.problems] == [
        "a.md:5: ZeroDivisionError: division by zero"
    ]
    assert (second.path, second.problems, third.path, third.text) == ("b.md", [], "c.md", "")


ENDS = {
    "leaves": ("import os\nos._exit(0)", 3, "the block ended its process (status 0)"),
    "leaves with a status": ("import os\nos._exit(3)", 3, "the block ended its process (status 3)"),
    "leaves in a thread": (
        "import os, threading\nthread = threading.Thread(target=os._exit, args=(0,))\n"
        "thread.start()\nthread.join()",
        3,
        "the block ended its process (status 0)",
    ),
    "becomes another program": (
        "import os\nos.execvp('true', ['true'])",
        3,
        "the block ended its process (status 0)",
    ),
    "reads where nothing is": (
        "import ctypes\n\nctypes.string_at(0)",
        None,
        "the block crashed its process (SIGSEGV)",
    ),
    "aborts": ("x = 1\nimport os\nos.abort()", 6, "the block crashed its process (SIGABRT)"),
    "kills itself": (
        "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
        3,
        "the block's process was killed (SIGKILL): perhaps it took too much memory",
    ),
    "ends by a signal": (
        "import os, signal\nos.kill(os.getpid(), signal.SIGTERM)",
        3,
        "the block crashed its process (SIGTERM)",
    ),
    "recurses without end": (
        "import sys\nsys.setrecursionlimit(10**9)\nclass V:\n    def __repr__(self):\n"
        "        return repr(self)\nrepr(V())",
        None,
        "the block crashed its process (SIGSEGV)",
    ),
    "closes its connection": (
        "import os\nos.closerange(3, 200)",
        3,
        "the block ended its process (status 1)",
    ),
    "wants all memory": ("x = bytearray(10**12)", 4, "MemoryError"),
    "takes more and more memory": (
        "x = []\nwhile True:\n    x.append(bytes(10**9))",
        6,
        "MemoryError",
    ),
    "writes without end": (
        "import tempfile\nwith tempfile.TemporaryFile() as f:\n    while True:\n"
        "        _ = f.write(bytes(10**8))",
        None,
        "OSError: [Errno 27] File too large",
    ),
    "exits": ("import sys\nsys.exit()", 5, "SystemExit"),
}  # fmt: skip


@pytest.mark.parametrize("name", ENDS)
def test_a_page_that_ends_its_process_is_named_with_its_line_and_alone(name):
    source, line, message = ENDS[name]
    broken, good = said("a\n\n" + block(source) + "\n{{ 4400 + 0 }} of 4401\n", GOOD)
    assert good == []
    assert broken[0].startswith("page-1.md:") and message in broken[0]
    number = int(broken[0].split(":")[1])
    assert number == line if line else 3 <= number <= 3 + 1 + source.count("\n") + 1
    if "process" in message:  # nothing is said about what could not run any more
        assert len(broken) == 1


ENDLESS = {
    "a loop": ("x = 1\nwhile True: pass", 5),
    "a sleep": ("import time\ntime.sleep(60)", 5),
    "one that swallows exceptions": (
        "def work(): sum(range(100))\n"
        "while True:\n    try:\n        work()\n    except Exception:\n        pass",
        None,
    ),
    "one that swallows everything": (
        "def work(): sum(range(100))\n"
        "while True:\n    try:\n        while True: work()\n    except BaseException: pass",
        None,
    ),
    "one in compiled code": ("import itertools\n\nsum(itertools.repeat(1))", 6),
    "one that ignores signals": (
        "import signal\nsignal.signal(signal.SIGALRM, signal.SIG_IGN)\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True: pass",
        7,
    ),
    "a value that never ends writing itself": (
        "class V:\n    def __repr__(self):\n        while True: pass\nV()",
        6,
    ),
    "a drawing that never ends": (
        "class V:\n    def _repr_svg_(self):\n        while True: pass\nV()",
        6,
    ),
    "a process that it waits for": ("import subprocess\nsubprocess.run(['sleep', '60'])", 5),
    "a thread that it waits for": (
        "import threading\nthreading.Event().wait()",
        5,
    ),
    "one that stops itself": ("import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)", None),
}  # fmt: skip


@pytest.mark.parametrize("name", ENDLESS)
def test_a_block_that_never_ends_is_stopped_with_its_line_and_time(name, monkeypatch):
    monkeypatch.setattr(runner, "SECONDS", 0.3)
    monkeypatch.setattr(runner, "GRACE", 0.3)
    source, line = ENDLESS[name]
    begin = time.monotonic()
    broken, good = said("a\n\n" + block(source), GOOD)
    assert good == []
    where, message = broken[0].split(": ", 1)
    assert message == "the block still ran after 0.3 s and was stopped"
    number = int(where.rpartition(":")[2])
    assert number == line if line else 3 <= number <= 4 + source.count("\n") + 1
    assert time.monotonic() - begin < 20


def test_a_value_that_never_ends_is_stopped_too(monkeypatch):
    monkeypatch.setattr(runner, "SECONDS", 0.3)
    assert said("a\n\n{{ [0 for _ in iter(int, 1)] }}\n") == [
        ["page-1.md:3: the block still ran after 0.3 s and was stopped"]
    ]


STAYS = {  # what a page does, and what the next one must find as it was
    "the folder": ("import os\nos.chdir('/')", "import os\nprint(os.path.isdir('weave'))", "True\n"),
    "the environment": (
        "import os\nos.environ['X_OF_A_PAGE'] = '1'",
        "import os\nprint(os.environ.get('X_OF_A_PAGE'))",
        "None\n",
    ),
    "the path": (
        "import sys\nsys.path.clear()",
        "import snippets.count, sys\nprint(len(sys.path) > 1)",
        "True\n",
    ),
    "a module": (
        "import math\nmath.pi = 3",
        "import math\nprint(math.pi)",
        "3.141592653589793\n",
    ),
    "a module of ours": (
        "import snippets.count\nsnippets.count.count_parameters = None",
        "from snippets.count import count_parameters\nprint(count_parameters([(2, 3)]))",
        "6\n",
    ),
    "a builtin": (
        "import builtins\nbuiltins.of_a_page = 1",
        "import builtins\nprint(hasattr(builtins, 'of_a_page'))",
        "False\n",
    ),
    "how NumPy takes errors": (
        "import numpy as np\n_ = np.seterr(all='ignore')",
        "import numpy as np\nprint(np.geterr()['divide'])",
        "warn\n",
    ),
    "how NumPy prints": (
        "import numpy as np\nnp.set_printoptions(precision=1)",
        "import numpy as np\nprint(np.array([1 / 3]))",
        "[0.33333333]\n",
    ),
    "logging": (
        "import logging\nlogging.basicConfig(level=logging.INFO)",
        "import logging\nprint(logging.getLogger().handlers)",
        "[]\n",
    ),
    "warnings": (
        "import warnings\nwarnings.simplefilter('ignore')",
        "import warnings\nprint(warnings.filters[0][0])",
        "error\n",
    ),
    "random numbers": (
        "import random\nrandom.seed(1)",
        "import random\nrandom.seed(2)\nprint(random.random())",
        "0.9560342718892494\n",
    ),
    "threads": (
        "import threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()",
        "import threading\nprint(threading.active_count())",
        "1\n",
    ),
    "limits": (
        "import sys\nsys.setrecursionlimit(50_000)",
        "import sys\nprint(sys.getrecursionlimit())",
        "1000\n",
    ),
    "signals": (
        "import signal\n_ = signal.signal(signal.SIGINT, signal.SIG_IGN)",
        "import signal\nprint(signal.getsignal(signal.SIGINT) is signal.default_int_handler)",
        "True\n",
    ),
    "what Python calls": (
        "import sys\nsys.displayhook = sys.excepthook = print\nsys.settrace(lambda *a: None)",
        "import sys\nprint(sys.gettrace(), sys.excepthook is sys.__excepthook__)",
        "None True\n",
    ),
    "the language": (
        "import locale, decimal\ndecimal.getcontext().prec = 3",
        "import decimal\nprint(decimal.getcontext().prec)",
        "28\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", STAYS)
def test_a_page_starts_equal_whatever_another_did(name):
    first, second, expected = STAYS[name]
    assert printed(block(first), block(second), block(first), block(second))[1::2] == [expected] * 2


def test_a_page_leaves_this_process_alone():
    before = (
        os.getcwd(),
        dict(os.environ),
        list(sys.path),
        set(sys.modules),
        threading.active_count(),
    )
    printed(
        block("import os, sys, this_page\n", "raises=ImportError"),
        block("import os\nos.chdir('/')"),
    )
    after = (
        os.getcwd(),
        dict(os.environ),
        list(sys.path),
        set(sys.modules),
        threading.active_count(),
    )
    assert after == before


def test_what_a_page_started_ends_with_it(tmp_path):
    source = (
        "import subprocess\nprocess = subprocess.Popen(['sleep', '3600'])\n"
        f"_ = open({str(tmp_path / 'pid')!r}, 'w').write(str(process.pid))"
    )
    weave_sources(sources(block(source)), twice=False)
    pid = int((tmp_path / "pid").read_text())
    for _ in range(50):
        if not Path(f"/proc/{pid}").exists() or " Z " in Path(f"/proc/{pid}/stat").read_text():
            return
        time.sleep(0.1)
    raise AssertionError("it still runs")


@pytest.mark.parametrize(
    "source",
    [
        "print({'apple', 'pear'})",
        "print({'W1', 'W2', 'W3'})",
        "print(*set('ab'))",
        "for name in {'one', 'two'}:\n    print(name)",
        "', '.join({'x', 'y'})",
        "list({'a': 1, 'b': 2}.keys() & {'a', 'b'})",
        "print({'W1', 'W3'})",
        "print({'red', 'green', 'blue'})",
        "print(set('hello'))",
        "dict.fromkeys({'cat', 'dog'})",
        "[name for name in frozenset(['one', 'two'])]",
        "hash('a')",
        "print({b'a', b'b'})",
        "import os\nos.getpid()",
        "import time\ntime.time()",
        "from datetime import date\ndate.today()",
        "from datetime import datetime\nprint(datetime.now().day)",
        "import uuid\nuuid.uuid4()",
        "import numpy as np\nnp.random.rand()",
        "import numpy as np\nnp.random.default_rng().integers(10**6)",
        "id(object())",
        "import secrets\nsecrets.token_hex(4)",
        "import tempfile\ntempfile.mkdtemp()",
    ],
)
def test_what_differs_between_two_processes_is_refused(source):
    (wrong,) = problems("a\n\n" + block(source))
    assert wrong.startswith("page.md:3: the block shows something else when it runs again")


def test_a_value_that_differs_between_two_processes_is_refused():
    text = block("names = {'apple', 'pear'}") + "\n{{ ', '.join(names) }}\n"
    (wrong,) = problems(text)
    assert wrong.startswith("page.md:5: the value is another one when it runs again")


def test_a_value_that_orders_words_by_their_hashes_is_refused():
    (wrong,) = problems("{{ ', '.join({'apple', 'pear'}) }}\n")
    assert wrong.startswith("page.md:1: the value is another one when it runs again")


def test_a_fault_of_ours_names_its_page_and_ends_no_other(monkeypatch):
    def fill(draft, runs):
        if draft.source.text == GOOD and draft.source.path == "page-1.md":
            raise KeyError("of ours")
        return Draft.fill_as_ever(draft, runs)

    monkeypatch.setattr(Draft, "fill_as_ever", Draft.fill, raising=False)
    monkeypatch.setattr(Draft, "fill", fill)
    assert said(GOOD, GOOD) == [["page-1.md:1: the page can't be woven: KeyError: 'of ours'"], []]
    monkeypatch.setattr(Draft, "fill", Draft.fill_as_ever)
    monkeypatch.setattr(
        Draft, "_steps", lambda draft: iter(()[: 1 // (draft.source.text != "text")])
    )
    assert said("text", "")[0] == [
        "page-1.md:1: the page can't be woven: ZeroDivisionError: integer division or modulo by zero"
    ]


def test_a_module_that_ends_or_keeps_who_imports_it_is_said_on_its_pages(tmp_path, monkeypatch):
    (tmp_path / "ends.py").write_text("import os\nos._exit(0)\n")
    (tmp_path / "keeps.py").write_text("while True: pass\n")
    monkeypatch.setattr(pages, "ROOT", tmp_path)
    for name, seconds in (("START", 5), ("SECONDS", 1), ("GRACE", 1)):
        monkeypatch.setattr(runner, name, seconds)
    first, second, good = said(block("\nimport ends"), block("import ends"), GOOD)
    assert good == []
    assert "the block ended its process (status 0)" in first[0]
    assert "the block ended its process (status 0)" in second[0]
    first, second, good = said(block("\nimport keeps"), block("import keeps"), GOOD)
    assert (first, second, good) == (
        ["page-1.md:3: the block still ran after 1 s and was stopped"],
        ["page-2.md:2: the block still ran after 1 s and was stopped"],
        [],
    )


def test_the_same_page_gives_the_same_bytes_in_two_processes():
    program = (
        "from weave.page import read_page\n"
        "from weave.runner import weave_sources\n"
        "page = read_page('docs/models/fine-tuning/full-fine-tuning.md')\n"
        "(p,) = weave_sources([page], twice=False)\n"
        "print(p.text, p.pieces, p.problems)"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("7", "8")
    ]
    assert runs[0] == runs[1] and len(runs[0]) > 10_000


def test_pages_run_side_by_side():
    wait = block("import time\ntime.sleep(0.7)")
    begin = time.monotonic()
    weave_sources(sources(*[wait] * 4), twice=False, processes=4)
    assert time.monotonic() - begin < 2.5


def test_pages_can_be_woven_on_a_thread_and_in_a_page():
    found = []
    thread = threading.Thread(target=lambda: found.extend(said(GOOD, block("1 / 0"))))
    thread.start()
    thread.join()
    assert found == [[], ["page-2.md:2: ZeroDivisionError: division by zero"]]
    inner = block(
        "from weave.runner import weave_page\nprint(weave_page('{{ 1 / 0 }}', 'in.md').problems[0])"
    )
    assert printed(inner) == ["in.md:1: ZeroDivisionError: division by zero\n"]


def test_a_page_that_weaves_itself_keeps_its_own_limit(monkeypatch):
    monkeypatch.setattr(runner, "SECONDS", 5)
    source = (
        "from weave.runner import weave_page\nweave_page('{{ 1 }}', 'inner.md')\nwhile True: pass"
    )
    assert problems(block(source)) == ["page.md:4: the block still ran after 5 s and was stopped"]


def test_it_works_in_a_copy_of_a_process(tmp_path):
    problems(GOOD)  # this process has its templates
    program = os.fork()
    if program == 0:
        try:
            (tmp_path / "said").write_text(repr(said(GOOD, block("1 / 0"))))
        finally:
            os._exit(0)
    os.waitpid(program, 0)
    assert "ZeroDivisionError" in (tmp_path / "said").read_text()
    assert problems(GOOD) == []


def test_a_process_that_runs_pages_may_be_killed():
    text = block("import os, signal\nos.kill(os.getppid(), signal.SIGKILL)")
    assert said(text, GOOD) == [[], []]
    assert problems(text) == problems(GOOD) == []


def test_without_fork_pages_run_in_fresh_processes(monkeypatch):
    monkeypatch.delattr(os, "fork")
    broken, good, crash = said(
        block("x = 1") + "\n{{ x }} {{ nobody }}\n", GOOD, block("import os\nos._exit(0)")
    )
    assert (broken, good) == (["page-1.md:5: NameError: name 'nobody' is not defined"], [])
    assert crash[0].startswith("page-3.md:1: the block ended its process (status 0)")


@pytest.mark.parametrize("send", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_build_leaves_no_process(tmp_path, send):
    page = block(f"open({str(tmp_path / 'pid')!r}, 'w').write(str(__import__('os').getpid()))")
    page = page.replace("\n```\n", "\nimport itertools\nsum(itertools.repeat(1))\n```\n")
    program = (
        "from weave.page import Source\nfrom weave.runner import weave_sources\n"
        f"weave_sources([Source('page.md', {page!r})])"
    )
    page = page.replace("open(", "_ = open(")
    build = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", program], cwd=ROOT, stderr=subprocess.PIPE
    )
    file = tmp_path / "pid"
    for _ in range(600):
        if file.exists() and file.read_text():
            break
        time.sleep(0.05)
    build.send_signal(send)
    assert build.wait(timeout=20) != 0
    build.stderr.close()
    process = Path("/proc") / file.read_text()
    for _ in range(100):
        if not process.exists() or ") Z " in (process / "stat").read_text():
            return
        time.sleep(0.1)
    raise AssertionError("the page still runs")
