"""What stands behind a figure of blocks: each heat map once, and what one may look up in a block.

In the browser by-hand-blocks.js shows it of the block that a reader points at. Without script,
shapes and counts are still in the drawing and in its text.
"""

import hashlib
import json

from figures.kit.heat import heat_map
from figures.kit.numbers import format_count, format_number, format_rounded

CORNER = 5  # rows and columns that are shown of a block, from the top left
COARSE = 0.1  # typical size of the numbers that two decimals would blur
STATES = {
    "pretrained": "pretrained: as it was before",
    "frozen": "frozen: it gets no ΔW",
    "trainable": "trainable: each step changes it",
    "delta": "change: what is added to W",
    "new": "new: W with the change added",
    "activation": "activation: runs through the network",
    "gradient": "gradient: how the loss changes with it",
}  # kind, as in figures/kit/primitives.py: what to say of it
HINT = "Point at a block, or tap it, for its shape and its first numbers."


class BlockStore:
    """The matrices of one figure that are drawn as blocks; equal ones are stored once.

    Args:
        copy: which showing of this very figure on its page this is.
        mark: ends the ids of a figure that may show what another one on its page shows.
    """

    def __init__(self, copy=1, mark=""):
        self.suffix = mark + (f"-{copy}" if copy > 1 else "")
        self.maps, self.blocks, self.states = {}, {}, {}

    def add(self, values, typical, kind):
        """Store a matrix under an id made of its own content; return the SVG that refers to it.

        Args:
            values: (rows, columns).
            typical: the size of its numbers, as typical_size gives it.
            kind: as in figures/kit/primitives.py.
        """
        content = values.tobytes() + repr((values.shape, typical)).encode()
        name = f"heat-{hashlib.sha256(content).hexdigest()[:8]}{self.suffix}"
        if name not in self.maps:
            self.maps[name] = f'<g id="{name}">{heat_map(values, typical)}</g>'
            count = f"{format_count(values.size)} number{'s'[: values.size != 1]}"
            self.blocks[name] = [*values.shape, count, corner(values, typical, kind == "delta")]
        self.states[kind] = STATES[kind]
        return f'<use href="#{name}"/>'

    def svg(self):
        """Return the heat maps, for both arrangements to refer to."""
        return f'<svg class="store" aria-hidden="true">{"".join(self.maps.values())}</svg>'

    def wrap(self, sheet):
        """Return a sheet of blocks that can be looked into."""
        told = {"states": self.states, "blocks": self.blocks}
        data = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
        return (
            f'<by-hand-blocks>{sheet}<p class="hint needs-script">{HINT}</p>'
            f'<script type="application/json">{data}</script></by-hand-blocks>'
        )


def corner(values, typical, signed=False):
    """Write the top left of a matrix: numbers with a space between, rows with a semicolon."""
    write = format_number if typical >= COARSE else format_rounded
    rows = values[:CORNER, :CORNER].tolist()
    return ";".join(" ".join(write(value, signed) for value in row) for row in rows)
