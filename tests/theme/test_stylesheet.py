"""Of Material's rules those stay that a page can use; ours stay whole."""

import pytest

from theme import stylesheet

WORDS = stylesheet.words_in(
    ['<article class="md-typeset"><ul id="top"><li data-lesson="x">tabbed</li></ul></article>'],
    ['element.className = "made-by-script"'],
)


@pytest.mark.parametrize(
    "rule",
    [
        ".md-typeset ul{margin:0}",
        ".md-typeset .made-by-script{margin:0}",
        "#top{margin:0}",
        "[data-lesson]{margin:0}",
        "li:not(.never-seen){margin:0}",
        'li::before{content:"a"}',
        "@media print{ul{margin:0}}",
    ],
)
def test_a_rule_that_a_page_can_use_stays(rule):
    assert stylesheet.keep_used(rule, WORDS).replace(" ", "") == rule.replace(" ", "")


@pytest.mark.parametrize(
    "rule",
    [
        ".tabbed{margin:0}",  # a word of the text is no class
        ".md-typeset .task-list{margin:0}",
        ".md-nav{margin:0}",
        "ol{margin:0}",
        "#bottom{margin:0}",
        "[hidden]{margin:0}",
        ".md-typeset .admonition{margin:0}",
        "@media print{ol{margin:0}}",
        "li{-webkit-mask:none;transition:color 1s}",
        'li{background:url("data:image/svg+xml,x")}',
    ],
)
def test_a_rule_that_no_page_can_use_goes(rule):
    words = WORDS | {"md-nav", "admonition"}
    assert stylesheet.keep_used(rule, words) == ""


def test_of_a_list_of_selectors_only_the_used_stay():
    assert stylesheet.keep_used("ol,ul{margin:0}", WORDS) == "ul{margin:0}"


def test_importance_is_kept():
    assert stylesheet.keep_used("ul{margin:0!important}", WORDS) == "ul{margin:0 !important}"


def test_names_that_nothing_uses_go_chains_of_them_too():
    css = (
        ":root{--a:1;--b:var(--a);--c:2}li{margin:var(--c);animation:turn 1s}"
        "@keyframes turn{from{top:0}to{top:1px}}@keyframes never{from{top:0}}"
    )
    assert stylesheet.drop_unused_names(css) == (
        ":root{--c:2}li{margin:var(--c);animation:turn 1s}@keyframes turn{from{top:0}to{top:1px}}"
    )


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


def test_material_goes_into_a_layer_below_ours(tmp_path):
    ours = [COLOURS, "li { color: var(--paper) }"]
    css = stylesheet.join("ul{margin:0}ol{margin:0}", ours, "", WORDS, tmp_path)
    assert "@layer material{ul{margin:0}}" in css
    assert css.index("@layer") < css.index("li{color:var(--paper)}")
    assert "ol{" not in css
    assert stylesheet.join("ul{margin:0}ol{margin:0}", ours, "", WORDS, tmp_path) == css
