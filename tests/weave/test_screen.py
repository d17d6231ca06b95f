"""screen.py: output as a terminal shows it in the end."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weave.screen import as_shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\n\ttext × ä\n", "plain\n\ttext × ä\n"),
        ("\x1b[31mred\x1b[0m\n", "red\n"),
        ("\x1b[1;38;5;196;48;2;1;2;3mred\x1b[m", "red"),
        ("10%\r20%\r100%\n", "100%\n"),
        ("long line\rshort\n", "shortline\n"),
        ("long line\r\x1b[Kshort\n", "short\n"),
        ("long line\x1b[2K\rshort\n", "short\n"),
        ("a\r\nb\r\n", "a\nb\n"),
        ("abc\b\bX\n", "aXc\n"),
        ("\b\bX", "X"),
        ("a\x00b\x07c\x7fd\x9fe", "abcde"),
        ("one\ntwo\x1b[1A\x1b[1Gten\n", "ten\ntwo"),
        ("1\n2\n3\n\x1b[3A\x1b[Jx\n", "x\n"),
        ("gone\x1b[2J\x1b[Hshown", "shown"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;https://a.b\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b(Bx\x1b=y\x1bMz", "xyz"),
        ("a\vb\fc", "a\n b\n  c"),
        ("a\x1b[3Cb", "a   b"),
        ("abc\x1b[1Db", "abb"),
        ("a\t\rb", "b       "),
        ("x\x1b", "x"),
        ("x\x1b[", "x"),
        ("\x1b[5;3Hx", "\n\n\n\n  x"),
        ("", ""),
    ],
)
def test_the_last_state_is_shown(text, shown):
    assert as_shown(text) == shown


@settings(derandomize=True, deadline=None, max_examples=300)
@given(
    st.lists(
        st.sampled_from(["a", "bc", "\n", "\r", "\b", "\t", "\x1b[", "1", ";", "A", "K", "2J", "H", "\x1b]", "\x07", "\x00", "\x9b", "ü"]),
        max_size=20,
    ).map("".join)
)  # fmt: skip
def test_no_control_character_is_left(text):
    shown = as_shown(text)
    assert not any(character < " " and character not in "\n\t" for character in shown)
    assert as_shown(shown) == shown


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]) | st.just("\n")))
@settings(derandomize=True, deadline=None)
def test_plain_text_stays(text):
    assert as_shown(text) == text
