"""Runs a page's Python blocks and weaves what they print, draw and count into the page.

`fences` finds the blocks, `execute` runs them, `page` puts a page together. Three adapters call
them: `site_build` above this folder (the site), `pytest_adapter` (the tests), `markdown_extension`
(any builder that runs Python-Markdown). So the tests and the site can never see different code.
"""
