"""Finding a browser, and getting one: in the order that tools/browser.py promises."""

import stat
import sys
from types import SimpleNamespace

import pytest

from tools import browser
from tools.browser import BrowserNotFound, browser_path, find_browser


@pytest.fixture
def program(tmp_path):
    """A function that makes a program which ends with a given exit code."""

    def make(name, code=0):
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\nexit {code}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return str(path)

    return make


def only(**programs):
    """Return a `which` that knows these programs alone."""
    return {name.replace("_", "-"): path for name, path in programs.items()}.get


def test_the_named_browser_wins(program):
    named, other = program("mine"), program("chromium")
    assert find_browser({"BROWSER_PATH": named}, only(chromium=other), "linux") == named


def test_a_named_browser_that_is_not_there_is_an_error_that_says_so():
    with pytest.raises(BrowserNotFound, match="BROWSER_PATH names /no/such"):
        find_browser({"BROWSER_PATH": "/no/such"}, only(), "linux")


def test_the_first_name_on_the_path_is_taken(program):
    shell, chrome = program("shell"), program("chrome")
    which = only(google_chrome=chrome, chromium_headless_shell=shell)
    assert find_browser({}, which, "linux") == shell


@pytest.mark.parametrize("name", browser.NAMES)
def test_every_name_is_looked_for(program, name):
    path = program("some-browser")
    assert find_browser({}, {name: path}.get, "linux") == path


def test_a_program_that_does_not_start_is_passed_over(program):
    """Ubuntu's chromium-browser may only say that one should install something else."""
    which = only(chromium_browser=program("note", code=1), google_chrome=program("chrome"))
    assert find_browser({}, which, "linux") == which("google-chrome")


def test_nothing_found_is_none():
    assert find_browser({}, only(), "linux") is None


@pytest.fixture
def bare(monkeypatch):
    """A machine without a browser: `tried` records what is done, `works` names what succeeds."""
    state = SimpleNamespace(tried=[], works=None)

    def install(way):
        def run(*packages):
            state.tried.append(way)
            return way == state.works

        return run

    def look(path, way):
        return lambda: path if way == state.works and way in state.tried else None

    monkeypatch.setattr(browser, "install_with_apt", install("apt"))
    monkeypatch.setattr(browser, "install_with_playwright", install("playwright"))
    monkeypatch.setattr(browser, "find_browser", look("/from/apt", "apt"))
    monkeypatch.setattr(browser, "fetched_by_playwright", look("/fetched", "playwright"))
    return state


def test_the_system_package_is_tried_before_the_download(bare):
    bare.works = "apt"
    assert browser_path() == "/from/apt"
    assert bare.tried == ["apt"]


def test_the_download_is_tried_last(bare):
    bare.works = "playwright"
    assert browser_path() == "/fetched"
    assert bare.tried == ["apt", "playwright"]


def test_when_all_fails_the_message_says_what_to_type(bare):
    with pytest.raises(BrowserNotFound) as error:
        browser_path()
    for command in ("apt-get install", "playwright install chromium", "BROWSER_PATH="):
        assert command in str(error.value)


def test_apt_is_left_alone_where_it_is_not_there(monkeypatch):
    monkeypatch.setattr(browser.shutil, "which", lambda name: None)
    assert browser.install_with_apt("any", run=None) is False


@pytest.mark.parametrize(("user", "first"), [(0, "apt-get"), (1000, "sudo")])
def test_apt_asks_no_questions(monkeypatch, user, first):
    commands = []

    def run(command, **options):
        assert options["stdin"] is browser.subprocess.DEVNULL
        commands.append(command)
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(browser.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(browser.os, "geteuid", lambda: user, raising=False)
    assert browser.install_with_apt("one", "two", run=run) is True
    assert [command[0] for command in commands] == [first, first]
    assert commands[-1][-2:] == ["one", "two"]
    if first == "sudo":
        assert all(command[1] == "-n" for command in commands)


def test_playwright_is_asked_through_this_very_python():
    commands = []
    browser.install_with_playwright(
        lambda command, **_: commands.append(command) or SimpleNamespace(returncode=1)
    )
    assert commands == [[sys.executable, "-m", "playwright", "install", "--only-shell", "chromium"]]
