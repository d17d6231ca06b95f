"""How wrong an output is, and the gradient of that: where learning starts."""

import numpy as np

from snippets import check


def squared_error(H, T):
    """Return ½ Σ (H − T)², summed over all entries of all columns.

    Args:
        H: the output (out_features, columns).
        T: the targets, same shape.

    Returns:
        The loss, a float of 0 or more. The ½ cancels the 2 of the derivative.

    Raises:
        ValueError: the shapes differ, or a number is not finite.
    """
    H, T = _output_and_targets(H, T)
    return float(0.5 * np.sum((H - T) ** 2))


def squared_error_gradient(H, T):
    """Return dL/dH = H − T for squared_error; arguments and errors are the same."""
    H, T = _output_and_targets(H, T)
    return H - T


def cross_entropy(Y, labels):
    """Return −log softmax(Y)[label], the mean over the columns.

    Args:
        Y: one score for each class and example (classes, columns); any finite numbers.
        labels: the right class of each column, whole numbers from 0 to classes − 1.

    Returns:
        The loss in nats, a float of 0 or more.

    Raises:
        ValueError: Y is no matrix of finite numbers, or labels don't fit it.
    """
    Y, labels = _scores_and_labels(Y, labels)
    log_softmax = _log_softmax(Y)
    return float(np.mean(-log_softmax[labels, np.arange(Y.shape[1])]))


def cross_entropy_gradient(Y, labels):
    """Return dL/dY = (softmax(Y) − one-hot labels) / columns; arguments and errors the same."""
    Y, labels = _scores_and_labels(Y, labels)
    columns = Y.shape[1]
    one_hot = np.zeros_like(Y)
    one_hot[labels, np.arange(columns)] = 1.0
    return (np.exp(_log_softmax(Y)) - one_hot) / columns


def loss_and_gradient(Y, targets, loss):
    """Return (loss, dL/dY) by the name of the loss.

    Args:
        Y: the output (out_features, columns).
        targets: T for "squared error", labels for "cross-entropy".
        loss: one of these two names.

    Raises:
        ValueError: another name; else as the functions above.
    """
    if loss == "squared error":
        return squared_error(Y, targets), squared_error_gradient(Y, targets)
    if loss == "cross-entropy":
        return cross_entropy(Y, targets), cross_entropy_gradient(Y, targets)
    raise ValueError(f"loss must be 'squared error' or 'cross-entropy', got {loss!r}")


def _log_softmax(Y):
    # Taking the largest score away changes no softmax and keeps exp from overflowing.
    Y = Y - Y.max(axis=0)
    return Y - np.log(np.exp(Y).sum(axis=0))


def _output_and_targets(H, T):
    H, T = check.matrix(H, "H"), check.matrix(T, "T")
    check.same_shape(T, "T", H, "H")
    return H, T


def _scores_and_labels(Y, labels):
    Y = check.matrix(Y, "Y")
    classes, columns = Y.shape
    try:
        array = np.asarray(labels)
    except ValueError as error:
        raise ValueError("labels must be a list of whole numbers, one for a column") from error
    if array.dtype.kind not in "iu" or array.shape != (columns,):
        wish = f"{columns} whole numbers, one for a column of Y"
        raise ValueError(f"labels must be {wish}, got {array.dtype} of shape {array.shape}")
    if array.min() < 0 or array.max() >= classes:
        wrong = array[(array < 0) | (array >= classes)][0]
        raise ValueError(f"labels must be from 0 to {classes - 1}, got {wrong}")
    return Y, array
