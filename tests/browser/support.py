"""The built site, served as a host would serve it, and what a browser tells of its pages."""

from __future__ import annotations

import gzip
import os
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from mimetypes import guess_type
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
BASE = "/some/base/"  # a project's site seldom stands at the root of its host
LESSON = "models/fine-tuning/freezing-layers/"
SERIES = "models/fine-tuning/"
HOME = ""
MISSING = "404.html"
MEASURE = (Path(__file__).parent / "measure.js").read_text(encoding="utf-8")
LAUNCH_ARGUMENTS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def page_paths():
    """Return the address below the site's root of every page that docs/ holds, and of 404."""
    paths = []
    for file in sorted([*DOCS.rglob("*.md"), *DOCS.rglob("labs/*.py")]):
        inside = file.relative_to(DOCS).with_suffix("")
        folder = inside.parent if inside.name == "index" else inside
        paths.append("" if folder == Path(".") else f"{folder.as_posix()}/")
    return [*paths, MISSING]


def page_name(path):
    """Return what a test calls a page."""
    return path.strip("/") or "home"


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


@lru_cache(maxsize=512)
def compressed(path):
    """Return a file's bytes as a host sends them, and whether they are gzipped."""
    data = Path(path).read_bytes()
    if path.endswith((".woff2", ".png", ".jpg", ".gz", ".zip")):
        return data, False
    return gzip.compress(data, 9, mtime=0), True


class Handler(BaseHTTPRequestHandler):
    """Serves a folder below BASE, gzipped, with the site's own page for what is not there."""

    protocol_version = "HTTP/1.1"
    folder = None

    def do_GET(self):
        path = unquote(urlsplit(self.path).path)
        file = None
        if path.startswith(BASE):
            file = self.folder / path[len(BASE) :]
            if file.is_dir():
                file /= "index.html"
        found = file is not None and file.is_file()
        file = file if found else self.folder / MISSING
        data, zipped = compressed(str(file))
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", guess_type(file.name)[0] or "application/octet-stream")
        self.send_header("Content-Length", str(len(data)))
        if zipped:
            self.send_header("Content-Encoding", "gzip")
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


class serve_site:
    """Build the site into a folder and serve it while the context lasts."""

    def __init__(self, folder):
        self.folder = Path(folder)

    def __enter__(self):
        port = free_port()
        url = f"http://127.0.0.1:{port}{BASE}"
        build_site(self.folder, url)
        handler = type("SiteHandler", (Handler,), {"folder": self.folder})
        self.server = ThreadingHTTPServer(("127.0.0.1", port), handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return Site(url, self.folder)

    def __exit__(self, *error):
        self.server.shutdown()
        self.server.server_close()


@dataclass
class Log:
    """What a page said and asked for while it was open."""

    console: list = field(default_factory=list)
    errors: list = field(default_factory=list)
    failed: list = field(default_factory=list)
    urls: list = field(default_factory=list)  # of every request, answered or not
    responses: list = field(default_factory=list)

    def listen(self, page):
        page.on("console", lambda message: self.console.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("requestfailed", lambda request: self.failed.append(f"{request.url} failed"))
        page.on("request", lambda request: self.urls.append(request.url))
        page.on("response", lambda response: self.responses.append(response))
        return self


SETTLED = """() => document.fonts.ready.then(() =>
  new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true)))))"""


def wait_until_ready(page):
    """Wait until the page is loaded, its fonts are there and it is laid out and drawn."""
    page.wait_for_load_state("load")
    page.evaluate(SETTLED)


def resize(page, width, height=900):
    """Give the page another width, and wait until it is laid out and drawn anew."""
    page.set_viewport_size({"width": width, "height": height})
    page.evaluate(SETTLED)


def wait_until(page, expression, seconds=10):
    """Wait until some JavaScript is true; Playwright's own way is against the site's policy.

    Raises:
        AssertionError: it is still false after so many seconds.
    """
    end = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < end, f"still false after {seconds} s: {expression}"
