"""The site is served on the first free port; a number that is no port is an error."""

import socket

import pytest

from tools import serve
from tools.serve import first_free_port, is_free


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
