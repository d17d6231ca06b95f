"""requirements.txt is what requirements.in asks for: exact, hashed, and from no named registry."""

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
LOCKED = (ROOT / "requirements.txt").read_text("utf-8")
WANTED = [
    Requirement(line.partition("#")[0])
    for line in (ROOT / "requirements.in").read_text("utf-8").splitlines()
    if line.partition("#")[0].strip()
]
PINS = re.findall(r"^([\w.-]+)==([\w.]+)([^\n]*) \\\n((?:    --hash=\S+(?: \\)?\n)+)", LOCKED, re.M)


@pytest.mark.parametrize("wanted", WANTED, ids=lambda wanted: wanted.name)
def test_every_wish_is_pinned_to_a_version_that_it_allows(wanted):
    versions = {
        version
        for name, version, *_ in PINS
        if canonicalize_name(name) == canonicalize_name(wanted.name)
    }
    assert versions, "not in requirements.txt; type: make requirements"
    assert all(wanted.specifier.contains(version) for version in versions), versions


def test_every_line_is_a_pin_with_hashes():
    entries = [line for line in LOCKED.splitlines() if re.match(r"[A-Za-z]", line)]
    assert len(PINS) == len(entries)


def test_no_registry_is_named():
    assert re.findall(r"https?:|--index|--extra-index|--find-links|--trusted-host", LOCKED) == []


def test_it_says_how_to_renew_it():
    assert "uv pip compile --universal --python-version 3.11 --generate-hashes" in LOCKED
