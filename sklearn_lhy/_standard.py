"""Standardised rows for a stack of layers: columns that vary, with mean 0 and variance 1.

A column that is constant says nothing, so the first layer does without it: its weights are 0 in the
layers that are shown.
"""

import numpy as np
from scipy import sparse

from sklearn_lhy._checks import check_squares
from sklearn_lhy._rows import centre_of, row_blocks
from sklearn_lhy._units import Layer


class Standard:
    """Mean and variance (d,) of the columns of X, and the scale (k,) of those that are `kept`.

    Of these rows, each with its share of their weight, and of others before them, of which mean
    and variance are the `past` and beside which these are a `part` of the weight. Rows that are a
    sample keep all columns. Sparse rows are scaled only.
    """

    def __init__(self, X, share, part, past, sample):
        own = np.zeros(X.shape[1]) if sparse.issparse(X) else centre_of(X, share)
        past_mean, past_variance = past
        self.centre = past_mean + part * (own - past_mean)
        variance = past_variance + part * (_variance(X, share, self.centre) - past_variance)
        self.variance = variance + part * (1 - part) * (own - past_mean) ** 2
        scale = np.sqrt(self.variance)
        vary = scale > 8 * np.finfo(X.dtype).eps * np.abs(self.centre)  # more than by rounding
        scale[~vary] = 1
        some = vary.any() and not vary.all() and not sample
        self.kept = np.flatnonzero(vary) if some else slice(None)
        self.scale = scale[self.kept]

    def rows(self, X, dtype):
        """Standardised rows (n, k), a copy of this type."""
        every = len(self.scale) == X.shape[1]
        if sparse.issparse(X):
            X = X if every else X[:, self.kept]
            return (X @ sparse.diags_array(1 / self.scale)).astype(dtype).tocsr()
        centre = self.centre[self.kept]
        Z = np.empty((X.shape[0], len(centre)), dtype)
        for rows in row_blocks(X):
            A = X[rows] if every else X[rows].take(self.kept, axis=1)
            A = np.subtract(A, centre, dtype=float)
            Z[rows] = np.divide(A, self.scale, out=A)
        return Z

    def inside(self, layers):
        """Layers of rows as they are, for standardised rows."""
        (W, b), *rest = layers
        return Layer(W[self.kept] * self.scale[:, None], b + self.centre @ W), *rest

    def outside(self, layers):
        """Layers of standardised rows, for rows as they are."""
        (V, b), *rest = layers
        W = np.zeros((len(self.centre), len(b)))
        W[self.kept] = V / self.scale[:, None]
        return Layer(W.astype(b.dtype), (b - self.centre @ W).astype(b.dtype)), *rest


def _variance(X, share, centre):
    """The variance (d,) of the columns, of which centre is about the mean."""
    if sparse.issparse(X):
        variance = X.multiply(X).T @ share
        check_squares(X, variance, variance.dtype)
        return variance
    mean, squares = 0.0, 0.0
    for rows in row_blocks(X):
        A = np.subtract(X[rows], centre, dtype=float)
        mean = mean + share[rows] @ A
        squares = squares + share[rows] @ np.square(A, out=A)
    check_squares(X, squares, squares.dtype)
    return np.maximum(squares - mean**2, 0)
