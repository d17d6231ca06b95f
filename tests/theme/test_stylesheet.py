"""Tokens and schemes, and several stylesheets as one."""

import pytest

from theme import stylesheet

COLOURS = """
:root,
[data-md-color-scheme="default"] {
  --paper: #fff;
}
[data-md-color-scheme="slate"] {
  --paper: #000;
}
"""


def test_dark_follows_the_system_where_nothing_was_chosen_and_never_in_print():
    css = "".join(stylesheet.follow_system(COLOURS).split())
    assert '@mediascreen{[data-md-color-scheme="slate"]{--paper:#000;}}' in css
    assert "@mediascreenand(prefers-color-scheme:dark){:root:not([data-md-color-scheme])" in css
    assert css.count("#000") == 2


def test_a_token_is_read_by_name_and_scheme():
    assert stylesheet.colour(COLOURS, "paper") == "#fff"
    assert stylesheet.colour(COLOURS, "paper", "slate") == "#000"
    with pytest.raises(ValueError, match="token --ink must be defined in scheme default"):
        stylesheet.colour(COLOURS, "ink")


def test_sheets_are_joined_in_order_and_made_small():
    css = stylesheet.join("li { color: red; /* why */ }", "@media print { li { color: black } }")
    assert css == "li{color:red}@media print{li{color:black}}"
