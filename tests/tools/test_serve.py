"""The site is served on the first free port; a number that is no port is an error."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from tests.browser.served import free_port
from tools import serve
from tools.serve import first_free_port, is_free

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def taken():
    """A port of 127.0.0.1 that somebody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_taken_port_is_not_free(taken):
    assert not is_free(taken)


def test_the_next_free_port_is_taken_instead(taken):
    port = first_free_port(taken)
    assert taken < port < taken + serve.PORTS_TRIED


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_what_is_no_port_is_an_error(port):
    with pytest.raises(ValueError, match=f"port must be between 1 and 65535, got {port}"):
        first_free_port(port)


def test_when_all_are_taken_the_message_says_so(monkeypatch):
    monkeypatch.setattr(serve, "is_free", lambda port: False)
    with pytest.raises(ValueError, match="ports 8000 to 8019 are all taken"):
        first_free_port()


def test_a_word_for_a_port_ends_with_a_message(capsys):
    assert serve.main(["eighty"]) == 2
    assert "eighty" in capsys.readouterr().err


def answers(port):
    try:
        with urlopen(f"http://127.0.0.1:{port}/", timeout=5):
            return True
    except URLError:
        return False


def wait_until(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.05)


@pytest.mark.skipif(os.name != "posix", reason="elsewhere there are no such signals")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_a_signal_leaves_no_server_behind(tmp_path, name):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text("# Here\n", "utf-8")
    (tmp_path / "mkdocs.yml").write_text("site_name: Small\n", "utf-8")
    port = free_port()
    served = subprocess.Popen(
        [sys.executable, "-m", "tools.serve", str(port)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "NO_MKDOCS_2_WARNING": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # Whoever runs the tests may have asked to survive it (nohup); its children would too.
        preexec_fn=lambda: signal.signal(getattr(signal, name), signal.SIG_DFL),
    )
    try:
        wait_until(lambda: answers(port))
        served.send_signal(getattr(signal, name))
        served.wait(10)
        wait_until(lambda: not answers(port), 5)
    finally:
        served.kill()
