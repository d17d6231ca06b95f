"""The network of all lessons: three weight matrices, each (out_features, in_features), no biases.

Weights are a plain dict, {"W1": array, "W2": array, "W3": array}.
"""

import numpy as np

from snippets import check

FULL_SIZES = (30, 40, 40, 40)  # inputs, then what each layer puts out


def layer_shapes(sizes=FULL_SIZES):
    """Return the shape of each weight matrix.

    Args:
        sizes: (inputs, out of layer 1, out of layer 2, ...); each 1 or more.

    Returns:
        {"W1": (out, in), "W2": (out, in), ...}; {"W1": (40, 30), ...} at full size.

    Raises:
        ValueError: fewer than two sizes, or one that is not a whole number of 1 or more.
    """
    sizes = check.layer_sizes(sizes)
    pairs = zip(sizes, sizes[1:])
    return {f"W{k}": (out, into) for k, (into, out) in enumerate(pairs, start=1)}


def new_network(sizes, rng):
    """Return an untrained network with random weights.

    Each weight comes from a normal distribution with variance 2 / in_features. A ReLU blocks
    about half of what passes; the 2 makes up for it, so signals keep their size with depth.
    Source: He et al., "Delving Deep into Rectifiers", ICCV 2015, section 2.2.

    Args:
        sizes: as in layer_shapes.
        rng: a NumPy Generator, as np.random.default_rng(seed) makes it.

    Returns:
        Weights {"W1": array (out, in), ...}; the same seed gives the same weights.

    Raises:
        ValueError: sizes as in layer_shapes; rng is no Generator.
    """
    shapes = layer_shapes(sizes)
    check.generator(rng)
    return {
        name: rng.normal(0.0, np.sqrt(2 / in_features), size=(out_features, in_features))
        for name, (out_features, in_features) in shapes.items()
    }
