"""What was made before is found again under what it was made from; old states go."""

from weave.kept import STATES, Kept, digest_of


def test_what_was_made_is_made_once_for_each_state(tmp_path):
    kept, made = Kept(tmp_path / "kept"), []

    def make(content):
        return lambda: made.append(content) or content

    assert kept.get("Docs/a.md", "1") is None
    assert kept.remember("Docs/a.md", "1", make(b"one")) == b"one"
    assert kept.remember("Docs/a.md", "1", make(b"two")) == b"one"
    assert kept.remember("Docs/a.md", "2", make(b"three")) == b"three"
    assert kept.remember("Docs/b.md", "1", make(b"four")) == b"four"
    assert made == [b"one", b"three", b"four"]


def test_a_few_states_of_each_name_stay(tmp_path):
    kept = Kept(tmp_path)
    for number in range(STATES + 2):
        kept.put("a", f"{number}", b"")
        kept.put("a-b", "1", b"")
    names = [file.name.partition(".")[0] for file in tmp_path.iterdir()]
    assert sorted(names) == ["a"] * STATES + ["a-b"]


def test_a_digest_depends_on_texts_order_and_division():
    digests = {
        digest_of(*parts) for parts in (("a", "b"), ("b", "a"), ("ab",), ("ab", ""), ("\ud800",))
    }
    assert len(digests) == 5
    assert digest_of("a", b"b") == digest_of(b"a", "b")
