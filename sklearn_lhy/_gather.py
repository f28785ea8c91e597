"""The moments of every class in one pass over the rows, in blocks that stay in the cache.

n rows, d features, K classes.
"""

import numpy as np

from sklearn_lhy._first_guess import (
    DENSE_CLASSES,
    Guess,
    first_guess,
    indicator,
    rounding,
    whitening_basis,
)
from sklearn_lhy._moments import Moments, joint, moved, total_mean
from sklearn_lhy._rows import NARROW, SMALL, add_gram, dense, row_blocks

BLOCK_BYTES = 1 << 19
LEAST_ROWS = 128  # rows that a product A'A needs to be worth writing (d, d) numbers for
STRIP = 64  # rows of a matrix that are mirrored at a time
UPPER = ~np.tri(STRIP, dtype=bool)


def gather(X, codes, K, kind, *, weight=None, guess=None, fourth=False, missing=False):
    """Moments of n rows with class codes (n,), one pass over blocks of rows.

    fourth: also the higher sums; missing: NaN marks what is not known (kind "axes").
    """
    d = X.shape[1]
    codes = codes.astype(np.min_scalar_type(K))  # fast to compare and to sort
    count = class_sizes(codes, K, weight)
    if guess is None:
        guess = first_guess(X, codes, count, kind, weight, missing)
    if fourth:  # moments of single features: no basis
        guess = guess._replace(basis=None)
    groups, by_class = (1 if kind == "pooled" else K), kind == "each"
    mass = np.zeros((K, d)) if missing else count[:, None]
    first = np.zeros((K, d))
    second = np.zeros((K, d) if kind == "axes" else (groups, d, d))
    higher = np.zeros((2, K, d, d)) if fourth else None
    blocks = row_blocks(X, block_bytes(d, K if by_class else 1, X.dtype.itemsize))
    centred = mover(guess, blocks[0].stop)
    place = np.empty((blocks[0].stop, d)) if by_class else None
    for part in blocks:
        w = None if weight is None else weight[part]
        rows, label, w = weighty(X[part], codes[part], w)
        A = centred(rows, label)  # (m, d), may be a view of X
        if by_class:  # after a first look at the rows, which brought them into the cache
            add_by_class(first, second, higher, *sorted_rows(A, label, w, place))
        elif kind == "pooled":
            add_pooled(first, second[0], A, label, w)
        else:
            add_features(first, second, A, label, w, mass if missing else None)
    mean = guess.means - guess.shift
    mean = mean if guess.basis is None else mean @ guess.basis
    third, fourth = (None, None) if higher is None else higher
    sums = Moments(kind, guess.shift, guess.basis, count, mass, mean, second, third, fourth)
    return about_means(sums, first)


def block_bytes(d, parts, itemsize):
    """Size of a block of which every part is worth a product, and which stays in the cache."""
    size = max(BLOCK_BYTES, LEAST_ROWS * parts * d * itemsize)
    return min(size, SMALL // d * itemsize) if d <= NARROW else size


def weighty(rows, label, weight):
    """Dense rows of positive weight, with their labels and weights."""
    rows = dense(rows)
    if weight is None or weight.all():
        return rows, label, None if weight is None else weight.astype(np.float64)
    some = weight > 0
    return rows[some], label[some], weight[some].astype(np.float64)


def mover(guess, m):
    """Function that centres up to m rows and takes them to u; its result lives until the next."""
    spare = np.empty((m, len(guess.shift)))
    if guess.basis is None and not guess.means.any():
        return lambda rows, label: rows.astype(np.float64, order="C", copy=False)
    if (guess.means == guess.means[0]).all():
        centre = np.tile(guess.means[0], (m, 1))  # faster than broadcasting over short rows

        def centres(label):
            return centre[: len(label)]
    else:

        def centres(label):
            return np.take(guess.means, label, axis=0, out=spare[: len(label)], mode="clip")

    def move(rows, label):
        A = np.subtract(rows, centres(label), out=spare[: len(label)])
        return A if guess.basis is None else A @ guess.basis

    return move


def rooted(A, weight):
    """The rows times the roots of their weights: root'root is weighted."""
    return A if weight is None else A * np.sqrt(weight)[:, None]


def class_sizes(codes, K, weight=None):
    """Total weight (K,) of the rows of each class, given codes of a small type."""
    if weight is None and K <= DENSE_CLASSES:  # bincount is slow with so few counters
        return np.array([np.count_nonzero(codes == k) for k in range(K)], dtype=np.float64)
    return np.bincount(codes, weight, K).astype(np.float64)


def sorted_rows(rows, label, weight, place):
    """Rows, labels and weights ordered by class; the rows are put in a place (m, d)."""
    order = np.argsort(label, kind="stable")  # a count of small integers
    rows = np.take(rows, order, axis=0, out=place[: len(order)], mode="clip")
    return rows, label[order], None if weight is None else weight[order]


def add_pooled(first, second, A, label, weight):
    """Add the sums of rows to first (K, d), and their gram to second (d, d)."""
    first += indicator(label, len(first), weight) @ A
    add_gram(second, rooted(A, weight))


def add_features(first, second, A, label, weight, mass):
    """Add the sums of rows to first (K, d), and those of the squares to second (K, d).

    Where values may be missing, the weight of those that are there goes to mass (K, d).
    """
    members = indicator(label, len(first), weight)
    if mass is not None:
        unknown = np.isnan(A)
        mass += members @ ~unknown
        A = np.where(unknown, 0, A)
    first += members @ A
    root = rooted(A, weight)
    second += indicator(label, len(first)) @ (root * root)


def add_by_class(first, second, higher, A, label, weight):
    """Add the sums of rows ordered by class to first (K, d), second (K, d, d) and higher ones."""
    root, K = rooted(A, weight), len(first)
    weight = np.ones(len(A)) if weight is None else weight
    edges = np.searchsorted(label, np.arange(K + 1, dtype=label.dtype))
    for k in range(K):
        mine = slice(edges[k], edges[k + 1])
        first[k] += weight[mine] @ A[mine]
        add_gram(second[k], root[mine])
        if higher is not None:
            square = root[mine] * A[mine]
            higher[0, k] += square.T @ root[mine]
            add_gram(higher[1, k], square)


def about_means(sums, first):
    """Moments about the class means, from sums about other points: the first (K, d), and grams."""
    mass, second = np.where(sums.mass > 0, sums.mass, 1), sums.second
    first = first / mass
    moments = sums._replace(mean=sums.mean + first)
    if sums.kind == "axes":
        return moments._replace(second=second / mass - first**2)
    if sums.fourth is not None:
        powers = mirrored(second), sums.third, mirrored(sums.fourth)
        second, third, fourth = (power / mass[:, :, None] for power in powers)
        return moved(moments._replace(second=second, third=third, fourth=fourth), -first, first)
    N = np.array([[sums.N.sum() or 1]]) if sums.kind == "pooled" else mass  # (G, 1)
    root = np.sqrt(mass / N) * first
    for S, n, part in zip(second, N[:, 0], root.reshape(len(N), -1, root.shape[1]), strict=True):
        add_gram(S, part, -1.0, 1 / n)
    return moments._replace(second=mirrored(second))


def mirrored(S):
    """Symmetric matrices (G, d, d) from their lower triangles, in place."""
    for i in range(0, S.shape[1], STRIP):  # a copy to where it overlaps would need memory
        rows = S[:, i : i + STRIP]
        S[:, :i, i : i + STRIP] = rows[:, :, :i].mT
        square = rows[:, :, i : i + STRIP]
        m = square.shape[1]
        np.copyto(square, square.mT, where=UPPER[:m, :m])
    return S


def better_guess(moments):
    """A Guess that whitens what was gathered without a basis; None where that is good enough."""
    if moments.kind == "axes" or moments.fourth is not None or moments.basis is not None:
        return None
    within = joint(moments.second, moments.N[:, None, None])
    shift = moments.shift + total_mean(moments)
    basis = whitening_basis(within[0], rounding(shift))
    return None if basis is None else Guess(shift, moments.shift + moments.mean, basis)
