"""The moments of every class in one pass over the rows, in blocks that stay in the cache.

n rows, d features, K classes.
"""

import numpy as np

from sklearn_lhy._first_guess import (
    DENSE_CLASSES,
    FEW,
    Guess,
    dependent,
    first_guess,
    indicator,
    is_near,
    least_part,
    reach,
    rough_guess,
    whitening_basis,
)
from sklearn_lhy._moments import Moments, joint, moved, total_mean, variances
from sklearn_lhy._rows import NARROW, SMALL, add_gram, add_product, dense, row_blocks

BLOCK_BYTES = 1 << 19
LEAST_ROWS = 128  # rows that a product A'A needs to be worth writing (d, d) numbers for
BUNCH_ROWS = 1 << 15  # rows that are summed by themselves
STRIP = 64  # rows of a matrix that are mirrored at a time
UPPER = ~np.tri(STRIP, dtype=bool)


def gather(X, codes, K, kind, *, weight=None, guess=None, fourth=False, missing=False):
    """Moments of n rows with class codes (n,), in one pass over them.

    Few rows may take a second one, where the first has shown that their centre was poor.
    fourth: also the higher sums; missing: NaN marks what is not known (kind "axes").
    """
    codes = codes.astype(np.min_scalar_type(K))  # fast to compare and to sort
    count = class_sizes(codes, K, weight)
    options = codes, count, kind, weight, fourth, missing
    if guess is None and weight is None and not missing and len(codes) <= FEW:
        moments = at_once(X, K, kind, options)
        if moments is not None:
            return moments
    if guess is None:
        guess = first_guess(X, codes, count, kind, weight, missing)
    return one_pass(X, guess, *options)


def at_once(X, K, kind, options):
    """Moments of few rows about a rough centre, whitened if need be; None if it is too far."""
    moments = one_pass(X, rough_guess(X), *options)
    least = 1.0 if kind == "axes" else least_part(within(moments))
    if not is_near(moments.mean, variances(moments), reach(least)):
        return None
    if not dependent(least, *X.shape, K):
        return moments
    guess = better_guess(moments)
    return moments if guess is None else one_pass(X, guess, *options)


def one_pass(X, guess, codes, count, kind, weight, fourth, missing):
    """Moments of rows that a guess centres and whitens, in blocks that stay in the cache.

    Bunches of blocks are summed by themselves where that costs nothing, so that less is rounded.
    """
    d, K = X.shape[1], len(count)
    if fourth:  # moments of single features: no basis
        guess = guess._replace(basis=None)
    by_class = kind == "each"
    add = {"pooled": add_pooled, "each": add_by_class, "axes": add_features}[kind]
    shapes = [(K, d), {"pooled": (1, d, d), "each": (K, d, d), "axes": (K, d)}[kind]]
    shapes += ([(K, d)] if missing else []) + ([(2, K, d, d)] if fourth else [])
    blocks = row_blocks(X, block_bytes(d, K if by_class else 1, X.dtype.itemsize))
    m = blocks[0].stop
    centred, place = mover(guess, m), np.empty((m, d)) if by_class else None
    bunch = len(blocks) if by_class else max(1, BUNCH_ROWS // m)
    total = None
    for start in range(0, len(blocks), bunch):
        sums = [np.zeros(shape) for shape in shapes]
        for part in blocks[start : start + bunch]:
            w = None if weight is None else weight[part]
            rows, label, w = weighty(X[part], codes[part], w)
            A = centred(rows, label)  # (m, d), may be a view of X
            if by_class:  # after a first look at the rows, which brought them into the cache
                A, label, w = sorted_rows(A, label, w, place)
            add(A, label, w, *sums)
        total = sums if total is None else [a + b for a, b in zip(total, sums, strict=True)]
    first, second, *more = total
    origin = guess.means - guess.shift
    origin = origin if guess.basis is None else origin @ guess.basis
    mass = more[0] if missing else count[:, None]
    third, fourth = more[0] if fourth else (None, None)
    sums = Moments(kind, guess.shift, guess.basis, count, mass, origin, second, third, fourth)
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
    common = None
    if len(guess.means) == 1:
        common = np.repeat(guess.means, m, axis=0)  # faster than broadcasting over short rows

    def move(rows, label):
        A = spare[: len(rows)]
        if common is None:
            centre = np.take(guess.means, label, axis=0, out=A, mode="clip")
        else:
            centre = common[: len(rows)]
        np.subtract(rows, centre, out=A)
        return A if guess.basis is None else A @ guess.basis

    return move


def rooted(A, weight):
    """The rows times the roots of their weights: root'root is weighted."""
    return A if weight is None else A * np.sqrt(weight)[:, None]


def class_sizes(codes, K, weight=None):
    """Total weight (K,) of the rows of each class, given codes of a small type."""
    if weight is None and K <= DENSE_CLASSES and len(codes) > FEW:
        # bincount is slow with so few counters
        sizes = [np.count_nonzero(codes == k) for k in range(K - 1)]
        return np.array([*sizes, len(codes) - sum(sizes)], dtype=np.float64)
    return np.bincount(codes, weight, K).astype(np.float64)


def sorted_rows(rows, label, weight, place):
    """Rows, labels and weights ordered by class; the rows are put in a place (m, d)."""
    order = np.argsort(label, kind="stable")  # a count of small integers
    rows = np.take(rows, order, axis=0, out=place[: len(order)], mode="clip")
    return rows, label[order], None if weight is None else weight[order]


def add_pooled(A, label, weight, first, second):
    """Add the sums of rows A to first (K, d), and their gram to second (1, d, d)."""
    add_product(first, indicator(label, len(first), weight), A)
    add_gram(second[0], rooted(A, weight))


def add_features(A, label, weight, first, second, mass=None):
    """Add the sums of rows A to first (K, d), and those of the squares to second (K, d).

    Where values may be missing, the weight of those that are there goes to mass (K, d).
    """
    members = indicator(label, len(first), weight)
    if mass is not None:
        unknown = np.isnan(A)
        mass += members @ ~unknown
        A = np.where(unknown, 0, A)
    add_product(first, members, A)
    root = rooted(A, weight)
    add_product(second, indicator(label, len(first)), root * root)


def add_by_class(A, label, weight, first, second, higher=None):
    """Add the sums of rows A ordered by class to first (K, d), second (K, d, d) and higher."""
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
    mass, second = sums.mass + (sums.mass == 0), sums.second
    first = first / mass
    mean = sums.mean + first
    if sums.kind == "axes":
        return sums._replace(mean=mean, second=second / mass - first**2)
    if sums.fourth is not None:
        powers = mirrored(second), sums.third, mirrored(sums.fourth)
        second, third, fourth = (power / mass[:, :, None] for power in powers)
        moments = sums._replace(mean=mean, second=second, third=third, fourth=fourth)
        return moved(moments, -first, first)
    if sums.kind == "pooled":
        N = sums.N.sum() or 1
        add_gram(second[0], np.sqrt(mass / N) * first, -1.0, 1 / N)
    else:
        for k, N in enumerate(mass[:, 0]):
            add_gram(second[k], first[k : k + 1], -1.0, 1 / N)
    return sums._replace(mean=mean, second=mirrored(second))


def mirrored(S):
    """Symmetric matrices (G, d, d) from their lower triangles, in place."""
    for i in range(0, S.shape[1], STRIP):  # a copy to where it overlaps would need memory
        rows = S[:, i : i + STRIP]
        if i:
            S[:, :i, i : i + STRIP] = rows[:, :, :i].mT
        square = rows[:, :, i : i + STRIP]
        m = square.shape[1]
        np.copyto(square, square.mT, where=UPPER[:m, :m])
    return S


def within(moments):
    """Covariance (d, d) within classes."""
    return joint(moments.second, moments.N[:, None, None])[0]


def better_guess(moments):
    """A Guess that whitens what was gathered without a basis; None where that is good enough."""
    if moments.kind == "axes" or moments.fourth is not None or moments.basis is not None:
        return None
    basis = whitening_basis(within(moments), moments.shift)
    if basis is None:
        return None
    return Guess(moments.shift + total_mean(moments), moments.shift + moments.mean, basis)
