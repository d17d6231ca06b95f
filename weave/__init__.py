"""Runs a page's Python blocks and weaves what they print, draw and count into the page.

A page goes one road:

    page.read_page       a file: its front matter, its Markdown
    page.Draft           `fences` cuts it into parts, `inline` finds the values: the page's steps
    runner               runs the steps in a process of the page's own (`worker`, `execute`)
    page.Draft.fill      puts the outcomes in, checks what is typed (`numbers`): a Page

Builders ask `runner.weave_sources` for pages: the site's hook, `pytest_adapter` (the tests),
`markdown_extension` (any builder that runs Python-Markdown). So the tests and the site can never
see different code.
"""
