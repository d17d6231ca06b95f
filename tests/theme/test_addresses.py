"""Where the site and its repository are, told by the environment."""

import pytest

from theme.addresses import edit_uri, find_repo_url, find_site_url

DEFAULT = "http://127.0.0.1:8000/"
ACTIONS = {"GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "Ada/notes"}


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, DEFAULT),
        ({"SITE_URL": ""}, DEFAULT),
        ({"SITE_URL": "https://example.org"}, "https://example.org/"),
        ({"SITE_URL": "https://example.org/a/b/"}, "https://example.org/a/b/"),
        (ACTIONS, "https://ada.github.io/notes/"),
        (ACTIONS | {"GITHUB_REPOSITORY": "Ada/ada.github.io"}, "https://ada.github.io/"),
        (ACTIONS | {"SITE_URL": "https://example.org/"}, "https://example.org/"),
        ({"GITHUB_REPOSITORY": "Ada/notes"}, DEFAULT),
    ],
)
def test_the_site_is_where_the_environment_says(environ, expected):
    assert find_site_url(environ, DEFAULT) == expected


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, None),
        ({"REPO_URL": ""}, None),
        ({"REPO_URL": "https://example.org/ada/notes"}, "https://example.org/ada/notes/"),
        (ACTIONS, "https://github.com/Ada/notes/"),
        (
            ACTIONS | {"GITHUB_SERVER_URL": "https://git.example.org"},
            "https://git.example.org/Ada/notes/",
        ),
    ],
)
def test_the_repository_is_where_the_environment_says(environ, expected):
    assert find_repo_url(environ) == expected


def test_an_address_that_nobody_named_is_not_made_up():
    assert find_site_url({}, None) is None


@pytest.mark.parametrize("value", ["example.org", "ftp://example.org/", "https://"])
def test_an_address_that_is_none_is_refused_by_name(value):
    with pytest.raises(ValueError, match="SITE_URL must be an address .*, got "):
        find_site_url({"SITE_URL": value}, DEFAULT)
    with pytest.raises(ValueError, match="REPO_URL must be an address .*, got "):
        find_repo_url({"REPO_URL": value})


def test_there_is_no_edit_link_without_a_repository():
    assert edit_uri(None) is None
    assert edit_uri("https://example.org/a/b/") == "https://example.org/a/b/edit/main/docs/"
