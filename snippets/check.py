"""Checks of what a caller passes in: every message names the argument, the wish and the value.

Each function returns the value in the one form that the other snippets work with, or raises
ValueError. Arrays come back as fresh float64 copies, so no snippet ever shares or changes an
array of its caller.
"""

import re
import sys
from collections.abc import Collection, Iterable, Mapping
from numbers import Integral, Real

import numpy as np


def shape_text(shape):
    """Write a shape the way the lessons do: (40, 30) becomes 40×30."""
    return "×".join(str(size) for size in shape)


def whole_number(value, name, least=1):
    """Return a whole number of `least` or more as an int."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise ValueError(f"{name} must be a whole number, {least} or more, got {value!r}")
    return int(value)


def real_number(value, name, most=None):
    """Return a finite number of 0 or more, and of `most` at most, as a float."""
    top = sys.float_info.max if most is None else most
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 <= value <= top:
        wish = "a finite number, 0 or more" if most is None else f"a number from 0 to {most}"
        raise ValueError(f"{name} must be {wish}, got {value!r}")
    return float(value)


def layer_sizes(sizes):
    """Return (inputs, layer 1, layer 2, ...): two sizes or more, each 1 or more."""
    if isinstance(sizes, (str, bytes)) or not isinstance(sizes, Iterable):
        raise ValueError(f"sizes must list whole numbers such as (30, 40, 40, 40), got {sizes!r}")
    sizes = tuple(whole_number(size, "each of sizes") for size in sizes)
    if len(sizes) < 2:
        raise ValueError(f"sizes must hold the inputs and one layer or more, got {sizes}")
    return sizes


def matrix_shapes(shapes):
    """Return a list of pairs of whole numbers, (out_features, in_features) each."""
    wish = "shapes must list pairs of whole numbers such as (40, 30)"
    if isinstance(shapes, (str, bytes, Mapping)) or not isinstance(shapes, Iterable):
        raise ValueError(f"{wish}, got {shapes!r}")
    shapes = list(shapes)
    for shape in shapes:
        if not isinstance(shape, (tuple, list)) or len(shape) != 2:
            raise ValueError(f"{wish}, got {shape!r}")
        if any(isinstance(size, bool) or not isinstance(size, Integral) for size in shape):
            raise ValueError(f"{wish}, got {shape!r}")
    return [(int(out_features), int(in_features)) for out_features, in_features in shapes]


def matrix(value, name):
    """Return a matrix of finite numbers, (rows, columns), neither of them 0."""
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name} must be a matrix with rows of equal length") from error
    if array.dtype.kind not in "iuf":  # whole numbers and floats; no text, truth or complex values
        kind = type(value).__name__
        raise ValueError(f"{name} must be a matrix of real numbers, got {kind} of {array.dtype}")
    if array.ndim != 2:
        raise ValueError(f"{name} must be a matrix (rows, columns), got shape {array.shape}")
    if array.size == 0:
        got = shape_text(array.shape)
        raise ValueError(f"{name} must have at least one row and one column, got {got}")
    array = np.array(array, dtype=float, order="C")
    if not np.isfinite(array).all():
        row, column = np.argwhere(~np.isfinite(array))[0]
        where = f"{array[row, column]} in row {row + 1}, column {column + 1}"
        raise ValueError(f"{name} must hold finite numbers only, got {where}")
    return array


def named_matrices(value, name, example="W3"):
    """Return a dict of matrices; `example` is a name that the message may give."""
    if not isinstance(value, Mapping):
        raise ValueError(f'{name} must be a dict such as {{"{example}": ...}}, got {value!r}')
    return {key: matrix(array, f"{name} {key}") for key, array in value.items()}


def same_shape(array, name, model, model_name):
    """Raise unless `array` has the shape of `model`."""
    if array.shape != model.shape:
        wish, got = shape_text(model.shape), shape_text(array.shape)
        raise ValueError(f"{name} must be {wish} like {model_name}, got {got}")


def shape(array, name, wish):
    """Raise unless `array` has the shape `wish`."""
    if array.shape != wish:
        raise ValueError(f"{name} must be {shape_text(wish)}, got {shape_text(array.shape)}")


def generator(rng):
    """Raise unless `rng` is a NumPy Generator."""
    if not isinstance(rng, np.random.Generator):
        raise ValueError(f"rng must be a NumPy Generator, got {rng!r}")


def layer_numbers(weights, name="weights"):
    """Return the numbers behind the names, in order: {"W3": ..., "W2": ...} gives (2, 3)."""
    if not isinstance(weights, Mapping) or not weights:
        raise ValueError(f'{name} must be a dict such as {{"W1": ..., "W2": ...}}, got {weights!r}')
    for key in weights:
        if not isinstance(key, str) or not re.fullmatch("W[1-9][0-9]*", key):
            raise ValueError(f"{name} must be named W1, W2, W3 and so on, got {key!r}")
    numbers = tuple(sorted(int(key[1:]) for key in weights))
    if numbers != tuple(range(numbers[0], numbers[-1] + 1)):
        got = ", ".join(f"W{k}" for k in numbers)
        raise ValueError(f"{name} must be a chain without a gap, got {got}")
    return numbers


def layers(weights):
    """Return the chain {1: W1, 2: W2, ...} in order; what W1 puts out, W2 must take in."""
    chain = {k: matrix(weights[f"W{k}"], f"W{k}") for k in layer_numbers(weights)}
    for k, W in chain.items():
        if k - 1 in chain and W.shape[1] != chain[k - 1].shape[0]:
            wish, got = chain[k - 1].shape[0], shape_text(W.shape)
            raise ValueError(f"W{k} must have {wish} columns to fit W{k - 1}, got {got}")
    return chain


def named(layers):
    """Return {"W1": W1, "W2": W2, ...} for the chain that `layers` returns."""
    return {f"W{k}": W for k, W in layers.items()}


def inputs(X, layers, name="X"):
    """Return X as a matrix that fits the lowest layer of a chain."""
    X, lowest = matrix(X, name), min(layers)
    if X.shape[0] != layers[lowest].shape[1]:
        wish, got = layers[lowest].shape[1], shape_text(X.shape)
        raise ValueError(f"{name} must have {wish} rows to fit W{lowest}, got {got}")
    return X


def pairs(value, name, letters, layers, shapes_of):
    """Return {"D1": D1, "U1": U1, ...} in the order of the layers.

    Args:
        value, name: the dict and what to call it.
        letters: such as ("D", "U"); both must be there, or neither, for each of the layers.
        layers: {1: W1, ...}, as `layers` returns it.
        shapes_of: gives {"D1": shape, "U1": shape} for {"W1": shape} and the rows of D1.
    """
    matrices = named_matrices(value, name, f"{letters[0]}{max(layers)}")
    known = [f"{letter}{k}" for k in layers for letter in letters]
    for key in matrices:
        if key not in known:
            raise ValueError(f"{name} must be named among {', '.join(known)}, got {key!r}")
    for k, W in layers.items():
        one, two = pair = [f"{letter}{k}" for letter in letters]
        missing = [key for key in pair if key not in matrices]
        if len(missing) == 1:
            raise ValueError(f"{name} must hold {one} and {two}, got no {missing[0]}")
        if not missing:
            for key, wish in shapes_of({f"W{k}": W.shape}, len(matrices[one])).items():
                shape(matrices[key], f"{name} {key}", wish)
    return {key: matrices[key] for key in known if key in matrices}


def trainable_names(trainable, weights):
    """Return the names of the layers that train, as a set; each must be in `weights`."""
    if isinstance(trainable, (str, bytes)) or not isinstance(trainable, Collection):
        wish = 'a collection of layer names such as {"W3"}'
        raise ValueError(f"trainable must be {wish}, got {trainable!r}")
    for name in trainable:
        if not isinstance(name, str) or name not in weights:
            known = ", ".join(f"W{k}" for k in layer_numbers(weights))
            raise ValueError(f"trainable must name layers among {known}, got {name!r}")
    return frozenset(str(name) for name in trainable)
