import pytest

from figures.kit.layout import Box, beneath, columns, rows, spread, table


def box(name, width, height, below=0):
    return Box(width, height, ((0, 0, name),), below)


def places(drawing):
    return {name: (x, y) for x, y, name in drawing.leaves}


def test_columns_and_rows_add_up():
    line = columns(box("a", 4, 4), box("b", 2, 3), gap=1)
    assert (line.width, line.height) == (7, 4)
    assert places(line) == {"a": (0, 0), "b": (5, 0)}
    assert places(columns(box("a", 1, 4), box("b", 1, 2), align="middle"))["b"] == (1, 1)
    pile = rows(box("a", 4, 4), box("b", 2, 3), gap=1, align="right")
    assert (pile.width, pile.height) == (4, 8)
    assert places(pile) == {"a": (0, 0), "b": (2, 5)}


def test_a_table_aligns_columns_and_keeps_what_follows_on_the_squares():
    drawn = table(
        [[box("a", 3, 4, below=0.5), None], [box("b", 4, 4), box("c", 2, 4)]],
        align=["right", "left"],
        row_gap=1,
        column_gap=1,
    )
    assert places(drawn) == {"a": (1, 0), "b": (0, 6), "c": (5, 6)}
    assert (drawn.width, drawn.height) == (7, 10)


def test_beneath_claims_room_without_moving_the_box():
    drawn = beneath(box("a", 4, 4), box("b", 2, 1), gap=0.5)
    assert places(drawn) == {"a": (0, 0), "b": (1, 4.5)}
    assert (drawn.height, drawn.below) == (4, 1.5)


def test_spread_fills_a_width():
    drawn = spread(box("a", 1, 1), box("b", 2, 3), width=10)
    assert drawn.width == 10 and places(drawn) == {"a": (0, 2), "b": (8, 0)}


def test_svg_writes_whole_units_without_a_point():
    assert Box(1, 1, ((0.5, 1, "x"),)).svg() == '<g transform="translate(15 30)">x</g>'
    assert Box(1, 1, ((0.01, 1, "x"),)).svg() == '<g transform="translate(0.3 30)">x</g>'


@pytest.mark.parametrize("align", ["top", "middle", "bottom"])
def test_alignment_never_moves_the_tallest(align):
    assert places(columns(box("a", 1, 5), box("b", 1, 2), align=align))["a"] == (0, 0)
