"""What stands in a page itself is let in by its digest."""

import pytest

from theme.policy import allow_inline

POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'"
EMPTY = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"  # of no bytes at all


def test_scripts_and_styles_get_in_by_their_own_digests_and_nothing_else_changes():
    allowed = allow_inline(POLICY, ["", "a"], [""])
    scripts, styles = allowed.split("; ")[1:3]
    assert scripts.startswith(f"script-src 'self' {EMPTY} 'sha256-")
    assert styles == f"style-src 'self' {EMPTY}"
    assert allowed.split("; ")[::3] == POLICY.split("; ")[::3]
    assert "unsafe" not in allowed


def test_in_serve_the_script_that_reloads_gets_in_too():
    allowed = allow_inline(POLICY, ["a"], ["b"], is_watched=True)
    assert "script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline';" in allowed
    assert "sha256" not in allowed  # beside a digest, browsers pass over 'unsafe-inline'


def test_a_policy_without_such_parts_is_refused():
    with pytest.raises(ValueError, match="must have style-src 'self', got \"script-src 'self'\""):
        allow_inline("script-src 'self'", [], [])
