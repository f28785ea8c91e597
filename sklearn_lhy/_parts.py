"""Rows in parts: a sample that stands for all of them, and sums over all of them.

A survey asks once for the labels, their weights and a sample of rows. The sample is then treated as
training data in memory: it has rows of every class, which weigh what all rows of that class weigh.
The sums of a descent run over all parts.
"""

from copy import copy
from functools import partial
from typing import NamedTuple

import numpy as np
from scipy import sparse
from sklearn.utils import check_array

from sklearn_lhy._checks import checked_block, encode_labels, known_codes, need_two_classes

SAMPLE_ROWS = 50_000  # at least, and
SAMPLE_ROWS_PER_INPUT = 100
SAMPLE_BYTES = 1 << 28  # at most
LEAST_OF_CLASS = 100  # rows, or all there are
SPARE = 2  # times the rows of a sample become candidates, since rows may have no weight


class Survey(NamedTuple):
    """What one round finds out about the rows; those of the sample have a positive weight."""

    labels: np.ndarray  # (K,) sorted
    N: np.ndarray  # (K,) total weight of the rows of each class
    keys: np.ndarray  # (s,) random numbers; the sample has the smallest ones
    X: object  # (s, d)
    y: np.ndarray  # (s,)
    weight: np.ndarray  # (s,)


def sample_size(d, itemsize=8):
    """Rows of a sample: enough for the second moment of d inputs, if memory allows."""
    rows = max(SAMPLE_ROWS, SAMPLE_ROWS_PER_INPUT * d)
    return max(1000, min(rows, SAMPLE_BYTES // (max(d, 1) * itemsize)))


class Encoding(NamedTuple):
    """How labels and weights become targets and shares of the whole."""

    classes: np.ndarray  # (K,)
    targets: np.ndarray  # (K, m)
    share: np.ndarray  # (K,) of a row of weight 1
    checks: dict  # of check_array

    def __call__(self, X, y, weight):
        """X (n, d), targets Y (n, m) and shares (n,) of a block."""
        X = check_array(X, **{**self.checks, "ensure_all_finite": False})
        codes = known_codes(y, self.classes)
        share = self.share[codes]
        if weight is not None:
            share = share * np.asarray(weight)
        return X, self.targets[codes], share.astype(X.dtype)


class Parts:
    """All rows in blocks, and a sample `data` (X, y, weight) that stands for them."""

    def __init__(self, blocks, checks, name):
        size = sample_size(blocks.head.shape[1])
        limit = np.nan_to_num(SPARE * size / max(blocks.n, 1), nan=1)  # all, if n is not known
        choose = partial(_chosen, size=size, limit=limit)
        found = blocks.reduce(_survey_block, partial(_joined, choose=choose), choose, checks, name)
        need_two_classes(found.labels, np.arange(len(found.labels)), found.N)
        codes, K = known_codes(found.y, found.labels), len(found.labels)
        drawn = np.bincount(codes, found.weight, K)
        factor = found.N / np.where(drawn > 0, drawn, 1)
        self.blocks, self.checks, self.encoding = blocks, checks, None
        self.classes, self.N = found.labels, found.N
        self.drawn = drawn.sum() / found.N.sum()  # share of the sample in the weight of all rows
        weight = (found.weight * factor[codes]).astype(found.X.dtype)
        self.data = blocks.framed(found.X), found.y, weight

    def encode(self, targets, weight):
        """Fix the targets (K, m) of the classes and their total weights (K,)."""
        share = weight / np.where(self.N > 0, self.N, 1) / weight.sum()
        self.encoding = Encoding(self.classes, targets, share, self.checks)

    def part(self, number):
        """One block alone, which may be empty."""
        part = copy(self)
        part.blocks = self.blocks.part(number)
        return part

    def total(self, kernel, *args):
        """Sum of kernel(X, Y, share, *args), a tuple of numbers and arrays, over all blocks."""
        return self.blocks.reduce(_encoded, _sum, self.encoding, kernel, args)


def _survey_block(number, X, y, weight, choose, checks, name):
    X, y, weight = checked_block(X, y, weight, checks, name)
    labels, codes = encode_labels(y)
    weight = np.ones(len(y)) if weight is None else weight.astype(float)
    N = np.bincount(codes, weight, len(labels))
    keys = np.random.default_rng(number).random(len(y))
    rows = np.flatnonzero(weight > 0)
    rows = rows[choose(keys[rows], codes[rows])]
    return Survey(labels, N, keys[rows], X[rows], y[rows], weight[rows])


def _joined(a, b, choose):
    """The Survey of the rows of both."""
    labels, codes = encode_labels(np.concatenate([a.labels, b.labels]))
    N = np.bincount(codes, np.concatenate([a.N, b.N]), len(labels))
    stack = sparse.vstack if sparse.issparse(a.X) else np.concatenate
    keys = np.concatenate([a.keys, b.keys])
    y, weight = np.concatenate([a.y, b.y]), np.concatenate([a.weight, b.weight])
    rows = choose(keys, known_codes(y, labels))
    return Survey(labels, N, keys[rows], stack([a.X, b.X])[rows], y[rows], weight[rows])


def _chosen(keys, codes, size, limit):
    """Indices of the `size` smallest keys below the limit, and of `LEAST_OF_CLASS` of each class.

    Of all rows, about SPARE * size have keys below the limit, so that a block need not send more.
    """
    order = np.argsort(keys)
    size = min(size, np.searchsorted(keys[order], limit))
    of_class = order[np.argsort(codes[order], kind="stable")]  # by class, then by key
    first = np.searchsorted(codes[of_class], codes[of_class])
    return np.union1d(order[:size], of_class[np.arange(len(keys)) - first < LEAST_OF_CLASS])


def _encoded(number, X, y, weight, encoding, kernel, args):
    return kernel(*encoding(X, y, weight), *args)


def _sum(a, b):
    return tuple(x + y for x, y in zip(a, b, strict=True))
