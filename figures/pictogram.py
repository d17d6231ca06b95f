"""The small pictures of the eight lessons: blocks to scale, from the shapes of the lesson.

The layers stand in the order in which signals run through them, W1 at the left. Frozen blocks are
hatched, trainable ones heavy and solid, a ΔW dashed; what a method adds stands where it adds it.
"""

from dataclasses import dataclass

from figures.kit.primitives import hatch
from snippets.adapter import BOTTLENECK
from snippets.head import HIDDEN
from snippets.lora import RANK
from snippets.network import FULL_SIZES, layer_shapes
from snippets.probe import CLASSES

SPACE = 6  # between blocks, in the same unit as the blocks: one number, one unit
EDGE = 2  # room for the outlines
HEIGHT = 58  # the same for all, so that all blocks are to one scale
WIDTH = 176


def pictogram(lesson_slug):
    """Draw the pictogram of a lesson.

    Args:
        lesson_slug: the file name of its page, such as "freezing-layers".

    Returns:
        A Pictogram. It is decoration to a screen reader, unless something is written in it.

    Raises:
        ValueError: no lesson of the series has that slug.
    """
    if lesson_slug not in LESSONS:
        known = ", ".join(LESSONS)
        raise ValueError(f"lesson_slug must be one of {known}, got {lesson_slug!r}")
    return Pictogram(lesson_slug)


@dataclass(frozen=True)
class Pictogram:
    """A lesson in one small picture."""

    lesson_slug: str

    def svg(self):
        """Return the blocks to scale, 176 × 58 units; best about 46 pixels high or higher."""
        shapes = list(layer_shapes(FULL_SIZES).values())
        label = WRITTEN.get(self.lesson_slug, "")
        spoken = f'role="img" aria-label="{label}"' if label else 'aria-hidden="true"'
        return (
            f'<svg class="pictogram" viewBox="0 0 {WIDTH} {HEIGHT}" {spoken}>'
            f"{LESSONS[self.lesson_slug](shapes)}</svg>"
        )

    def _repr_html_(self):
        return self.svg()


def _block(shape, kind, x, y=None):
    """Draw a block of (rows, columns) at x; it stands in the middle unless y says where."""
    height, width = shape
    y = (HEIGHT - height) / 2 if y is None else y
    inside = hatch(width, height) if kind == "frozen" else ""
    frame = f'<rect class="outline" width="{width}" height="{height}" rx="1.5"/>'
    return f'<g class="{kind}" transform="translate({x:g} {y:g})">{frame}{inside}</g>'


def _sign(text, x):
    return f'<text x="{x:g}" y="{HEIGHT / 2 + 6}">{text}</text>'


def _chain(shapes, kinds, after=(0, 0, 0), before=(0, 0, 0)):
    """Draw the layers in a row, with room at each; return SVG, their left edges, the end."""
    x, places, parts = EDGE, [], []
    for shape, kind, room_before, room_after in zip(shapes, kinds, before, after):
        x += room_before
        places.append(x)
        parts.append(_block(shape, kind, x))
        x += shape[1] + room_after + SPACE
    return "".join(parts), places, x


def _weight_update(shapes):
    """W1 = W0 + ΔW, for the first layer."""
    step = shapes[0][1] + 20
    return "".join(
        [
            _block(shapes[0], "pretrained", EDGE),
            _sign("+", EDGE + step - 10),
            _block(shapes[0], "delta", EDGE + step),
            _sign("=", EDGE + 2 * step - 10),
            _block(shapes[0], "new", EDGE + 2 * step),
        ]
    )


def _pretrain_vs_fine_tune(shapes):
    """From nothing, a large ΔW; from a pretrained W, a small one."""
    size = shapes[1][1]
    second = EDGE + size + 30
    third = second + size + 20
    return "".join(
        [
            _block(shapes[1], "delta large", EDGE),
            f'<path class="then" d="M{EDGE + size + 9} {HEIGHT / 2}h11m-4-4l4 4l-4 4"/>',
            _block(shapes[1], "pretrained", second),
            _sign("+", third - 10),
            _block(shapes[1], "delta", third),
        ]
    )


def _full_fine_tuning(shapes):
    return _chain(shapes, ["trainable"] * 3)[0]


def _freezing_layers(shapes):
    return _chain(shapes, ["frozen", "frozen", "trainable"])[0]


def _linear_probe(shapes):
    """W4 after the frozen network."""
    layers, _, end = _chain(shapes, ["frozen"] * 3)
    return layers + _block((CLASSES, shapes[-1][0]), "trainable", end)


def _feature_extraction_head(shapes):
    """W4 after the frozen network, and W5 under it."""
    layers, _, end = _chain(shapes, ["frozen"] * 3)
    first, second = (HIDDEN, shapes[-1][0]), (CLASSES, HIDDEN)
    top = (HEIGHT - HIDDEN - SPACE - CLASSES) / 2
    return (
        layers
        + _block(first, "trainable", end, top)
        + _block(second, "trainable", end, top + HIDDEN + SPACE)
    )


def _adapter_layers(shapes):
    """After each layer D (on its side, as it meets the signals) and U."""
    layers, places, _ = _chain(shapes, ["frozen"] * 3, after=[SPACE / 2 + 2 * BOTTLENECK + 3] * 3)
    for (out_features, in_features), x in zip(shapes, places):
        x += in_features + SPACE / 2 + 1
        for offset in (0, BOTTLENECK + 3):
            layers += _block((out_features, BOTTLENECK), "trainable", x + offset)
    return layers


def _lora(shapes):
    """Beside each layer B at its left and A above it: where they cross is B A, as large as W."""
    near = RANK + 3
    layers, places, _ = _chain(shapes, ["frozen"] * 3, before=[near] * 3)
    for (out_features, in_features), x in zip(shapes, places):
        top = (HEIGHT - out_features) / 2
        layers += _block((out_features, RANK), "trainable", x - near, top)
        layers += _block((RANK, in_features), "trainable", x, top - near)
    return layers


WRITTEN = {  # what those with text in them say
    "weight-update": "W plus ΔW is W′.",
    "pretrain-vs-fine-tune": "A large ΔW; then W plus a small ΔW.",
}
LESSONS = {
    "weight-update": _weight_update,
    "pretrain-vs-fine-tune": _pretrain_vs_fine_tune,
    "full-fine-tuning": _full_fine_tuning,
    "freezing-layers": _freezing_layers,
    "linear-probe": _linear_probe,
    "feature-extraction-head": _feature_extraction_head,
    "adapter-layers": _adapter_layers,
    "lora": _lora,
}
