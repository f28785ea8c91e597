"""Step 1, the function set: scores and probabilities of a stack of units.

A unit computes z = w.x + b [L3]. A layer is many units side by side, a stack is layers in a
row, where the logistic outputs of one layer are the inputs of the next [L27-L30].

n samples, d inputs, m outputs: X (n, d), W (d, m), b (m,), Z (n, m).
"""

from typing import NamedTuple

import numpy as np


class Layer(NamedTuple):
    """Weights W (d, m) and biases b (m,) of m units that share their d inputs."""

    W: np.ndarray
    b: np.ndarray


def sigmoid(Z, out=None):
    """sigma(z) = 1 / (1 + e^-z) [C27, L3]; e^-z may overflow, and 1 / inf is the right 0."""
    P = np.negative(Z, out=out)
    with np.errstate(over="ignore"):
        np.exp(P, out=P)
    P += 1
    return np.reciprocal(P, out=P)


def hidden_sigmoid(Z):
    """sigma(z) = (1 + tanh(z / 2)) / 2 [L3]: twice as fast, to the rounding of 1 at any z."""
    A = Z / 2
    np.tanh(A, out=A)
    A += 1
    A /= 2
    return A


def softmax(Z):
    """e^z_k / sum_j e^z_j along each row [L22]."""
    return logsumexp_and_slope(Z)[1]


def row_max(Z):
    """The largest entry of each row, as a column; many short rows are fastest on their side."""
    return np.ascontiguousarray(Z.T).max(axis=0)[:, None]


def row_sum(Z):
    """The sum of each row, as a column."""
    return Z @ np.ones((Z.shape[-1], 1), Z.dtype)


def log1pexp(Z):
    """log(1 + e^z), the integral of the sigmoid."""
    return log1pexp_and_slope(Z)[0]


def log1pexp_and_slope(Z):
    """A = log(1 + e^z) and its derivative, the sigmoid e^z / (1 + e^z) = e^(z - A)."""
    L = np.log1p(np.exp(-np.abs(Z)))  # A, less z where that is positive
    return L + np.maximum(Z, 0), np.exp(np.minimum(Z, 0) - L)


def logsumexp_and_slope(Z):
    """log sum_k e^z_k of each row (n, 1), and its derivative, the softmax (n, K) [L22]."""
    top = row_max(Z)
    P = np.exp(Z - top)  # at most 1
    total = row_sum(P)
    P /= total
    return top + np.log(total), P


def log_softmax(Z):
    """z - logsumexp(z) of each row: the logarithm of the softmax, exact near 0 too."""
    Z = Z - row_max(Z)
    E = np.exp(Z)
    E[np.arange(len(Z)), Z.argmax(axis=1)] = 0  # log1p keeps what the others add to the largest, 1
    return Z - np.log1p(row_sum(E))


def layer_scores(X, layer):
    """Z = X W + b."""
    Z = X @ layer.W  # (n, m)
    Z += layer.b
    return Z


def hidden_outputs(X, layers):
    """The inputs of every layer: [X, sigma(Z_1), sigma(Z_2), ...], without the last layer's."""
    inputs = [X]
    for layer in layers[:-1]:
        inputs.append(sigmoid(layer_scores(inputs[-1], layer)))
    return inputs


def stack_scores(X, layers):
    """Scores of the last layer (n, m)."""
    return layer_scores(hidden_outputs(X, layers)[-1], layers[-1])
