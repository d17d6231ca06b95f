"""Every link and every file that a built page names is there, anchors included."""

import re
from html.parser import HTMLParser
from urllib.parse import unquote, urldefrag, urljoin

import pytest

from tests.browser import support


class Names(HTMLParser):
    """The ids that a page has, and the addresses that it names."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.addresses = set(), []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.ids.add(attributes.get("id"))
        for key in ("href", "src"):
            if attributes.get(key) is not None:
                self.addresses.append(attributes[key])


@pytest.fixture(scope="session")
def names(site):
    """{file in the site: Names} of every page that was built."""
    return {file: Names(file.read_text("utf-8")) for file in site.folder.rglob("*.html")}


def problems(site, names, file):
    """Yield what is wrong with the addresses in one page."""
    inside = file.relative_to(site.folder).as_posix()
    here = site.url + re.sub(r"(^|/)index\.html$", r"\1", inside)
    for address in names[file].addresses:
        target, anchor = urldefrag(urljoin(here, address))
        if not target.startswith(site.url):
            if target.startswith(site.origin):
                yield f"{address} leaves the site's base path"
            continue
        found = site.folder / unquote(target[len(site.url) :])
        if found.is_dir():
            found /= "index.html"
        if not found.is_file():
            yield f"{address} leads nowhere"
        elif anchor and found.suffix == ".html" and unquote(anchor) not in names[found].ids:
            yield f"{address}: that page has no #{anchor}"


def test_links_and_anchors_lead_somewhere(site, names):
    wrong = [
        f"{file.relative_to(site.folder)}: {problem}"
        for file in names
        for problem in problems(site, names, file)
    ]
    assert not wrong, "\n".join(wrong)


def test_what_stylesheets_name_is_there(site):
    wrong = [
        f"{sheet.name}: {address}"
        for sheet in site.folder.rglob("*.css")
        for address in re.findall(r"url\([\"']?([^)\"']+)", sheet.read_text("utf-8"))
        if not address.startswith(("data:", "#")) and not (sheet.parent / address).is_file()
    ]
    assert wrong == []


def test_what_is_not_there_gets_the_page_for_that(open_page, site):
    page = open_page("no/such/page/")
    assert page.log.responses[0].status == 404
    assert page.locator("h1").is_visible()
    assert [r.url for r in page.log.responses[1:] if r.status >= 400] == []
    page.locator("main").get_by_role("link").first.click()
    page.wait_for_load_state("load")
    assert page.url.startswith(site.url)
    assert (site.folder / page.url[len(site.url) :].partition("#")[0]).exists()


def test_no_page_names_an_address_of_this_machine_but_its_own(site, names):
    allowed = site.url.rstrip("/")
    wrong = [
        f"{file.name}: {address}"
        for file, page in names.items()
        for address in page.addresses
        if re.match(r"https?://(localhost|127\.|0\.)", address) and not address.startswith(allowed)
    ]
    assert wrong == []


def test_the_tests_visit_every_page_that_was_built(site, names):
    built = {file.relative_to(site.folder).as_posix() for file in names}
    visited = {
        path if path.endswith(".html") else path + "index.html" for path in support.page_paths()
    }
    assert built == visited
