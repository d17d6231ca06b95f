"""The site's rules: the first screen's stand in every page, the rest is a file that all share."""

import re

import rcssmin


def follow_system(css):
    """Let the dark scheme hold without a choice too where the system asks for it, but not in print.

    The rule for `[data-md-color-scheme="slate"]` is moved to screens, and repeated there for
    `prefers-color-scheme`.
    """
    dark = re.search(r'\[data-md-color-scheme="slate"\]\s*\{([^}]*)\}', css)
    if dark is None:
        return css
    follows = (
        f"@media screen{{{dark[0]}}}"
        "@media screen and (prefers-color-scheme:dark){"
        f":root:not([data-md-color-scheme]){{{dark[1]}}}}}"
    )
    return css[: dark.start()] + follows + css[dark.end() :]


def colour(css, name, scheme="default"):
    """Return a token's value in one scheme, "default" or "slate".

    Raises:
        ValueError: the stylesheet has no such token.
    """
    rule = re.search(rf'\[data-md-color-scheme="{scheme}"\]\s*\{{([^}}]*)\}}', css)
    found = rule and re.search(rf"--{name}:\s*([^;]+);", rule[1])
    if not found:
        raise ValueError(f"token --{name} must be defined in scheme {scheme}")
    return found[1].strip()


def join(*sheets):
    """Return some stylesheets as one, in order, without comments and needless spaces."""
    return rcssmin.cssmin("\n".join(sheets))
