"""The site that the browser tests share: built when asked for, kept by content, never stale."""

import gzip
from urllib.request import Request, urlopen

import pytest

from tests.browser import served


@pytest.fixture
def builds(monkeypatch, tmp_path):
    """What is built instead of the site: a list of the folders, and a file that it is made of."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "page.md").write_text("one", "utf-8")
    done = []

    def build(folder, url):
        folder.mkdir(parents=True)
        text = (source / "page.md").read_text("utf-8")
        if text == "broken":
            raise served.SiteDoesNotBuild("page.md:1: broken")
        (folder / "index.html").write_text(f"<head>{text}", "utf-8")
        (folder / "404.html").write_text("not here", "utf-8")
        done.append(folder)

    fingerprint = served.fingerprint
    monkeypatch.setattr(served, "build_site", build)
    monkeypatch.setattr(served, "fingerprint", lambda: fingerprint(source))
    return done, source / "page.md"


@pytest.fixture
def serve(tmp_path):
    """A function that serves the site as a run does."""
    servers = []

    def serve():
        servers.append(served.serve_kept_site(tmp_path / "kept"))
        return servers[-1]

    serve.stop = lambda: servers.pop().stop()
    yield serve
    while servers:
        serve.stop()


def read(url):
    with urlopen(Request(url)) as answer:
        data = answer.read()
        return gzip.decompress(data).decode() if answer.headers["Content-Encoding"] else data


def test_the_site_is_built_once_when_it_is_first_asked_for(builds, serve):
    done, _ = builds
    server = serve()
    assert done == []
    sites = [served.ready_site(server.url) for _ in range(3)]
    assert len(done) == 1
    assert {site.folder for site in sites} == {server.folder}
    assert read(server.url) == "<head>one"


def test_an_unchanged_site_is_kept_for_the_next_run_and_a_changed_one_is_not(builds, serve):
    done, page = builds
    served.ready_site(serve().url)
    serve.stop()
    again = served.ready_site(serve().url)
    assert len(done) == 1 and read(again.url) == "<head>one"
    serve.stop()
    page.write_text("two", "utf-8")
    served.compressed.cache_clear()  # the next run is another process
    changed = served.ready_site(serve().url)
    assert len(done) == 2 and read(changed.url) == "<head>two"
    assert changed.url == again.url


def test_two_runs_at_once_have_a_site_each(builds, serve):
    done, _ = builds
    first, second = serve(), serve()
    assert served.ready_site(first.url).url != served.ready_site(second.url).url
    assert len(set(done)) == 2


def test_a_site_whose_files_changed_while_it_was_built_is_built_again(builds, serve, monkeypatch):
    done, page = builds
    build = served.build_site

    def build_slowly(folder, url):
        build(folder, url)
        page.write_text(f"after {len(done)}", "utf-8")

    monkeypatch.setattr(served, "build_site", build_slowly)
    for count in (1, 2):
        served.ready_site(serve().url)
        serve.stop()
        assert len(done) == count


def test_a_site_that_does_not_build_says_why(builds, serve):
    builds[1].write_text("broken", "utf-8")
    with pytest.raises(served.SiteDoesNotBuild, match="page.md:1: broken"):
        served.ready_site(serve().url)


def test_a_page_can_be_watched_and_framed(builds, serve):
    site = served.ready_site(serve().url)
    assert read(f"{site.url}?watched") == b'<head><script src="/watched.js"></script>one'
    assert b"window.wrong" in read(f"{site.origin}/watched.js")
    assert b'width=360 height=900 src="/some/base/"' in read(
        f"{site.origin}/frame?width=360&page=/some/base/"
    )


@pytest.mark.parametrize("name", ["docs/new.md", "theme/new.css", "mkdocs.yml", "anything/new"])
def test_every_file_that_a_build_can_read_counts(tmp_path, name):
    before = served.fingerprint(tmp_path)
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("x", "utf-8")
    with_file = served.fingerprint(tmp_path)
    file.write_text("y", "utf-8")
    assert len({before, with_file, served.fingerprint(tmp_path)}) == 3
