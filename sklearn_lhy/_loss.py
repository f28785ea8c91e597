"""Step 2, the goodness of a function: cross-entropy from scores, never from probabilities.

For a log-partition A(z) the probability is p = A'(z), the loss A(z) - y.z, its residual p - y and
its curvature A''(z). A = log(1 + e^z) gives the logistic unit [L5-L7], A = logsumexp softmax [L23].
A = z^2 / 2 would give linear regression, whose update is the same [L8, L12]. It is not offered:
points far on the right side would drag the line [C6-C7].

Z (n, m) scores, P (n, m) probabilities, Y (n, m) targets.
"""

from collections.abc import Callable
from typing import NamedTuple

from sklearn_lhy._units import log1pexp_and_slope, logsumexp_and_slope, row_sum, sigmoid, softmax


class Loss(NamedTuple):
    """A loss as functions of scores.

    probability(Z) -> P (n, m); evaluate(Z, Y) -> values (n, m) or (n, 1), to be summed over
    columns, and P; residual(P, Y) = dvalue/dz (n, m); curvature(P) -> c (n, m). The second
    derivative with respect to the scores of a row is Diag(c), less p p' where the outputs are
    coupled.
    """

    probability: Callable
    evaluate: Callable
    residual: Callable
    curvature: Callable
    coupled: bool
    steepest: float  # no second derivative along a unit direction of scores is larger

    def value(self, Z, Y):
        """The values of `evaluate`."""
        return self.evaluate(Z, Y)[0]


def _binary_cross_entropy(Z, Y):
    """-[y ln f + (1 - y) ln(1 - f)] = log(1 + e^z) - y z [L6, L7], and f = sigma(z)."""
    A, P = log1pexp_and_slope(Z)
    return A - Y * Z, P


def _categorical_cross_entropy(Z, Y):
    """-sum_k y_k ln f_k = logsumexp(z) - y.z, as a column [L23], and f = softmax(z)."""
    A, P = logsumexp_and_slope(Z)
    return A - row_sum(Y * Z), P


def _squared_error(Z, Y):
    """(f - y)^2 / 2 with f = sigma(z) [L13], and f."""
    P = sigmoid(Z)
    return (P - Y) ** 2 / 2, P


def _error(P, Y):
    """p - y, the whole gradient of a cross-entropy with respect to its score [L9-L11]."""
    return P - Y


def _slope(P):
    """p (1 - p) = sigma'(z)."""
    return P * (1 - P)


BINARY_CROSS_ENTROPY = Loss(sigmoid, _binary_cross_entropy, _error, _slope, False, 1 / 4)
CATEGORICAL_CROSS_ENTROPY = Loss(
    softmax, _categorical_cross_entropy, _error, lambda P: P, True, 1 / 2
)
SQUARED_ERROR = Loss(  # its residual vanishes far from the target [L13, L14]
    sigmoid,
    _squared_error,
    lambda P, Y: (P - Y) * _slope(P),
    lambda P: _slope(P) ** 2,  # Gauss and Newton's part, which is never negative
    False,
    1 / 4,
)
