"""Serve the site with live reload on the first free port.

python -m tools.serve [PORT]
"""

import os
import socket
import subprocess
import sys

FIRST_PORT = 8000
PORTS_TRIED = 20


def is_free(port):
    """Say whether this machine lets us listen on a port of 127.0.0.1."""
    with socket.socket() as probe:
        if os.name == "posix":  # a port that was just closed is free, as it is for the server
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def first_free_port(first=FIRST_PORT):
    """Return the first free port from `first` on.

    Raises:
        ValueError: `first` is no port, or it and the 19 after it are all taken.
    """
    if not 1 <= first <= 65535:
        raise ValueError(f"port must be between 1 and 65535, got {first}")
    candidates = range(first, min(first + PORTS_TRIED, 65536))
    for port in candidates:
        if is_free(port):
            return port
    raise ValueError(f"ports {candidates[0]} to {candidates[-1]} are all taken; name another")


def run(command):
    """Run a command until it ends; return its exit code. What ends us ends it."""
    if os.name == "posix":
        os.execv(command[0], command)  # no second process, so no signal can miss it
    try:
        return subprocess.run(command, check=False).returncode
    except KeyboardInterrupt:
        return 0


def main(arguments):
    """Run `mkdocs serve`; return its exit code."""
    try:
        wanted = int(arguments[0]) if arguments else FIRST_PORT
        port = first_free_port(wanted)
    except ValueError as error:
        print(f"tools.serve: {error}", file=sys.stderr)
        return 2
    if port != wanted:
        print(f"Port {wanted} is taken; serving on {port}.", flush=True)
    return run([sys.executable, "-m", "mkdocs", "serve", "--dev-addr", f"127.0.0.1:{port}"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
