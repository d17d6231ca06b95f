"""The site, built once for a whole run and served as a host would serve it.

The process that starts the run's workers serves it, so every worker asks the same server. The
first request builds; what was built stays in .cache/site until something that it is made of
changes.
"""

from __future__ import annotations

import gzip
import os
import shutil
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import distributions
from mimetypes import guess_type
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import parse_qs, unquote, urlsplit
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / ".cache" / "site"
BASE = "/some/base/"  # a project's site seldom stands at the root of its host
FRAME = "/frame"  # a page of the site in a frame: /frame?width=360&page=/some/base/
WATCHED = "watched"  # ?watched gives a page with WATCH first, for browsers that keep no log
WATCH = b"""window.wrong = [];
addEventListener("error", ({ message, target }) =>
  wrong.push(message ?? `${target.src ?? target.href} does not load`), true);
addEventListener("unhandledrejection", ({ reason }) => wrong.push(String(reason)));
addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
  wrong.push(`${violatedDirective} refuses ${blockedURI}`), true);
for (const kind of ["warn", "error"]) console[kind] = (...words) => wrong.push(words.join(" "));
"""
READY = "/ready"  # answers with the site's folder when it is built, or with why it is not
MISSING = "404.html"
NOT_BUILT_FROM = {"site", "tests", "benchmarks", "__pycache__", "node_modules"}


def free_port():
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class SiteDoesNotBuild(Exception):
    """`mkdocs build --strict` failed; the message is what it printed."""


def build_site(folder, url):
    """Build the site with the public command, for a given address.

    Raises:
        SiteDoesNotBuild: it failed.
    """
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, "SITE_URL": url, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        timeout=600,
        check=False,
    )
    if built.returncode:
        raise SiteDoesNotBuild(built.stdout + built.stderr)


def fingerprint(root=ROOT):
    """Return a digest of all that a build can depend on: files, packages, Python, addresses."""
    made = sha256(sys.version.encode())
    packages = sorted(f"{found.name} {found.version}" for found in distributions())
    known = sorted(f"{k} {v}" for k, v in os.environ.items() if k.startswith(("GITHUB_", "REPO_")))
    made.update("\n".join([*packages, *known]).encode())
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(f for f in folders if f[0] != "." and f not in NOT_BUILT_FROM)
        for file in sorted(files):
            path = Path(folder, file)
            made.update(f"\0{path.relative_to(root).as_posix()}\0".encode() + path.read_bytes())
    return made.hexdigest()


@lru_cache(maxsize=512)
def compressed(path):
    """Return a file's bytes as a host sends them, and whether they are gzipped."""
    data = Path(path).read_bytes()
    if path.endswith((".woff2", ".png", ".jpg", ".gz", ".zip")):
        return data, False
    return gzip.compress(data, 9, mtime=0), True


class Server(ThreadingHTTPServer):
    """Serves a folder that may have to be built first."""

    daemon_threads = True
    allow_reuse_address = os.name == "posix"  # elsewhere it would let two listen on one port
    request_queue_size = 64

    def __init__(self, port, folder, make=lambda: None):
        super().__init__(("127.0.0.1", port), Handler)
        self.folder, self.make, self.building = folder, make, threading.Lock()
        self.url = f"http://127.0.0.1:{self.server_port}{BASE}"
        self.error = None
        threading.Thread(target=self.serve_forever, args=[0.05], daemon=True).start()

    def build(self):
        """Build the site if nobody has; return why that failed, or ""."""
        with self.building:
            if self.error is None:
                try:
                    self.error = self.make() or ""
                except SiteDoesNotBuild as error:
                    self.error = str(error)
        return self.error

    def stop(self):
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    """Answers below BASE, gzipped, with the site's own page for what is not there."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        address = urlsplit(self.path)
        path, asked = unquote(address.path), parse_qs(address.query, keep_blank_values=True)
        if path == READY:
            error = self.server.build()
            self.answer(500 if error else 200, (error or str(self.server.folder)).encode())
        elif path == FRAME:
            width, page = asked["width"][0], escape(asked["page"][0])
            frame = f"""<!doctype html><title>{width}</title><body style="margin: 0">
              <iframe style="border: 0" width={width} height=900 src="{page}"></iframe>"""
            self.answer(200, frame.encode(), "text/html")
        elif path == f"/{WATCHED}.js":
            self.answer(200, WATCH, "text/javascript")
        else:
            self.answer_with_file(path, WATCHED in asked)

    def answer_with_file(self, path, is_watched):
        file = None
        if path.startswith(BASE):
            file = self.server.folder / path[len(BASE) :]
            if file.is_dir():
                file /= "index.html"
        found = file is not None and file.is_file()
        file = file if found else self.server.folder / MISSING
        data, zipped = compressed(str(file))
        if is_watched:
            script = f'<head><script src="/{WATCHED}.js"></script>'.encode()
            data, zipped = file.read_bytes().replace(b"<head>", script, 1), False
        kind = guess_type(file.name)[0] or "application/octet-stream"
        self.answer(
            200 if found else 404, data, kind, {"Content-Encoding": "gzip"} if zipped else {}
        )

    def answer(self, status, data, kind="text/plain; charset=utf-8", more=()):
        self.send_response(status)
        for name, value in {
            "Content-Type": kind,
            "Content-Length": len(data),
            **dict(more),
        }.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments):
        """Say nothing: what went wrong, the tests read from the browser."""


@dataclass
class Site:
    """A built site that is being served."""

    url: str  # ends with a slash
    folder: Path

    @property
    def origin(self):
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"


def ready_site(url):
    """Return the Site at an address of `serve_kept_site`, after building it if nobody has.

    Raises:
        SiteDoesNotBuild: it does not build.
    """
    try:
        with urlopen(f"{url.removesuffix(BASE)}{READY}", timeout=900) as answer:
            return Site(url, Path(answer.read().decode()))
    except HTTPError as error:
        raise SiteDoesNotBuild(error.read().decode()) from None


def serve_kept_site(kept=KEPT):
    """Serve the site at the address of a kept one if that is free, else at another.

    A site names its own address, so one folder is kept for each port: .cache/site/8123, and beside
    it 8123.made, the fingerprint of what it was built from. Files may change while a site is being
    built; that one is built again next time.

    Returns:
        A Server; nothing is built before `ready_site` asks for it.
    """
    kept.mkdir(parents=True, exist_ok=True)
    ports = sorted(int(folder.name) for folder in kept.iterdir() if folder.is_dir())
    for port in [*ports, free_port()]:
        try:
            server = Server(port, kept / str(port))
            break
        except OSError:
            continue  # another run serves that one
    folder, mark = server.folder, server.folder.with_suffix(".made")

    def make():
        before = fingerprint()
        if mark.is_file() and mark.read_text("utf-8") == before:
            return
        mark.unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        build_site(folder, server.url)
        if fingerprint() == before:
            mark.write_text(before, "utf-8")

    server.make = make
    return server


class serve_site:
    """Build the site into a folder and serve it while the context lasts."""

    def __init__(self, folder):
        self.server = Server(free_port(), Path(folder))

    def __enter__(self):
        build_site(self.server.folder, self.server.url)
        return Site(self.server.url, self.server.folder)

    def __exit__(self, *error):
        self.server.stop()
