"""Where a page stands follows from the nav alone."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from theme import lessons


def page(title, name="page"):
    file = SimpleNamespace(src_uri=f"{title}.md", name=name)
    return SimpleNamespace(
        title=title,
        file=file,
        is_page=True,
        is_section=False,
        is_index=name == "index",
        children=None,
        ancestors=[],
    )


def section(title, *children):
    made = SimpleNamespace(
        title=title, is_page=False, is_section=True, children=list(children), ancestors=[]
    )

    def adopt(item):
        for child in item.children or ():
            child.ancestors = [item, *item.ancestors]
            adopt(child)

    adopt(made)
    return made


@pytest.fixture
def nav():
    """Library / Models / Fine-Tuning with an index and three lessons."""
    pages = [page("Fine-Tuning", "index"), page("One"), page("Two"), page("Three")]
    home = page("Library", "index")
    return [home, section("Models", section("Fine-Tuning", *pages))], home, pages


def test_a_section_with_an_index_is_a_series_of_its_other_pages(nav):
    items, _, (index, *others) = nav
    (series,) = lessons.find_series(items)
    assert (series.title, series.index, series.lessons) == ("Fine-Tuning", index, others)


def test_the_number_of_a_lesson_is_its_place_in_the_nav(nav):
    items, _, (index, *others) = nav
    places = lessons.find_places(lessons.find_series(items))
    assert [(p.number, p.count, p.page) for p in places.values()] == [
        (1, 3, others[0]),
        (2, 3, others[1]),
        (3, 3, others[2]),
    ]
    assert index.file.src_uri not in places


def test_the_trail_leads_from_the_library_to_the_page(nav):
    _, home, (index, lesson, *_) = nav
    assert lessons.find_trail(lesson, home) == [
        ("Library", home),
        ("Models", None),
        ("Fine-Tuning", index),
        ("One", lesson),
    ]


def test_the_trail_of_an_index_ends_at_its_section(nav):
    _, home, (index, *_) = nav
    assert lessons.find_trail(index, home)[-1] == ("Fine-Tuning", index)
    assert lessons.find_trail(home, home) == [("Library", home)]


@given(count=st.integers(1, 200), data=st.data())
def test_a_list_of_lessons_stays_short_and_holds_the_present_one(count, data):
    series = lessons.Series(None, None, [f"lesson {n}" for n in range(1, count + 1)])
    number = data.draw(st.integers(1, count))
    entries = lessons.nearby(series, number)
    assert entries[0].number <= number <= entries[-1].number
    assert len(entries) <= 2 * lessons.NEIGHBOURS + 1
    assert all(entry.page == f"lesson {entry.number}" for entry in entries)


def test_a_series_of_eight_is_listed_whole():
    series = lessons.Series(None, None, list("abcdefgh"))
    assert [entry.page for entry in lessons.nearby(series, 8)] == list("abcdefgh")


@pytest.mark.parametrize(("words", "minutes"), [(0, 1), (1, 1), (138, 1), (139, 2), (1380, 10)])
def test_reading_takes_a_minute_for_138_words(words, minutes):
    assert lessons.reading_minutes(words) == minutes


def test_negative_words_are_refused():
    with pytest.raises(ValueError, match="words must be 0 or more, got -1"):
        lessons.reading_minutes(-1)
