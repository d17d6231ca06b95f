"""What a first visit to each page downloads, by kind, compressed as a host would (gzip -9).

python -m benchmarks.page_weight
"""

import sys
from collections import Counter

from benchmarks.visits import site_and_browser
from tests.browser import support

KINDS = ("document", "stylesheet", "script", "font", "image")


def first_load(browser, url):
    """Return ({kind: bytes}, number of requests) of a first visit."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    log = support.Log().listen(page)
    page.goto(url)
    support.wait_until_ready(page)
    page.wait_for_load_state("networkidle")
    sizes = Counter()
    for response in log.responses:
        kind = response.request.resource_type
        sizes[kind if kind in KINDS else "other"] += response.request.sizes()["responseBodySize"]
    requests = len(log.responses)
    context.close()
    return sizes, requests


def main():
    """Build the site, visit every page and print the table, in kB (1000 bytes)."""
    columns = [*KINDS, "other"]
    print(f"{'page':<44} {'requests':>8} {'kB':>7} " + " ".join(f"{c:>10}" for c in columns))
    with site_and_browser() as (site, browser):
        for path in support.page_paths():
            sizes, requests = first_load(browser, site.url + path)
            print(
                f"{path or '/':<44} {requests:>8} {sizes.total() / 1000:>7.1f} "
                + " ".join(f"{sizes[c] / 1000:>10.1f}" for c in columns),
                flush=True,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
