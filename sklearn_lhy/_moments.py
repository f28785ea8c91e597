"""Count, mean and scatter of every class: one pass over the rows, and sums that add up exactly.

A first guess from a sample of rows fixes coordinates u = (x - shift) @ basis in which nothing
cancels: each row is centred by the guessed mean of its class before it is squared, and a badly
conditioned sample also whitens the rows, so that squaring costs no digits. The guess decides about
rounding only; the sums are exact for any guess. Two sums with different guesses are brought to
the coordinates of one of them and added (Chan, Golub and LeVeque 1983).

n rows, d features, K classes, G groups of rows that share a scatter: 1 (pooled) or K (each).
"""

from typing import NamedTuple

import numpy as np
from scipy import sparse
from scipy.linalg.blas import dgemm, dsyrk
from scipy.linalg.lapack import dpotrf, dtrtri

from sklearn_lhy._rows import SMALL, dense, row_blocks

BLOCK_BYTES = 1 << 19
SAMPLE_ROWS = 200
INFLATED = 1e3  # total variance of a feature over that given the others, from which on we whiten
UNDETERMINED = 0.1  # part of the deviation of each that those before it leave, to be benign
DENSE_CLASSES = 16  # up to which a dense indicator is faster than a sparse one
LEAST_ROWS = 128  # rows that a product A'A needs to be worth writing (d, d) numbers for
STRIP = 64  # rows of a matrix that are mirrored at a time
NARROW = 24  # columns up to which such a product is faster than one that leaves out half of it
NEAR = 4  # standard deviations that a class may lie from where its rows are centred
RIDGE = 1e-12  # keeps the basis finite along redundant directions


class Guess(NamedTuple):
    """Where to centre (means (K, d), shift (d,)) and how to whiten (basis (d, d) or None)."""

    shift: np.ndarray
    means: np.ndarray
    basis: np.ndarray | None


class Moments(NamedTuple):
    """Sums of every class about its own mean, in coordinates u = (x - shift) @ basis."""

    kind: str  # "pooled", "each" or "axes" (single features)
    shift: np.ndarray  # (d,)
    basis: np.ndarray | None  # (d, d), None for the identity
    N: np.ndarray  # (K,) total weight of the rows
    mass: np.ndarray  # (K, 1), or (K, d) where values are missing: weight behind each mean
    mean: np.ndarray  # (K, d) in u
    second: np.ndarray  # (G, d, d), or (K, d) for "axes": sum of a a'
    third: np.ndarray | None  # (K, d, d) sum of a_j^2 a_l, gathered with the fourth
    fourth: np.ndarray | None  # (K, d, d) sum of a_j^2 a_l^2, for Ledoit-Wolf


def indicator(codes, K, weight=None):
    """(K, m) matrix whose product with m rows gives the (weighted) sum of each class."""
    if K > DENSE_CLASSES:
        data = np.ones(len(codes)) if weight is None else weight
        return sparse.csc_array((data, codes, np.arange(len(codes) + 1)), shape=(K, len(codes)))
    members = (codes == np.arange(K, dtype=codes.dtype)[:, None]).astype(np.float64)
    return members if weight is None else members * weight


def first_guess(X, codes, count, kind, weight=None, missing=False):
    """A Guess from about `SAMPLE_ROWS` rows of positive weight, spread evenly."""
    (n, d), K = X.shape, len(count)
    enough = 3 * d // 2 + K  # rows, to tell what nearly determines others
    index = np.arange(0, n, max(1, n // max(SAMPLE_ROWS, enough)))
    if weight is not None and np.any(count):  # a part of the rows may have none
        index = index[weight[index] > 0]
    if len(index) < n:
        missed = np.flatnonzero((count > 0) & (np.bincount(codes[index], minlength=K) == 0))
        firsts = [np.argmax((codes == k) & (weight is None or weight > 0)) for k in missed]
        index = np.concatenate([index, np.array(firsts, dtype=index.dtype)])
    rows, codes = dense(X[index]).astype(np.float64, copy=False), codes[index]
    members = indicator(codes, K)
    unknown = np.isnan(rows) if missing else slice(0)
    known = ~unknown if missing else np.ones((len(rows), 1))
    rows[unknown] = 0
    behind = np.maximum(members @ known, 1)  # (K, d) or (K, 1)
    shift = rows.sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    means = members @ rows / behind
    centres = np.take(means, codes, axis=0)
    rows -= centres
    rest = members @ rows / behind  # what the long sums rounded away
    rows -= np.take(rest, codes, axis=0, out=centres, mode="clip")
    rows[unknown] = 0
    near = NEAR * np.sqrt(np.einsum("ij,ij->j", rows, rows) / len(rows))  # (d,)
    basis = None
    if kind != "axes" and len(rows) >= enough:
        basis = whitening_basis(rows.T @ rows, len(rows), rounding(shift))
    for centre in (np.zeros(d), shift):  # one subtraction less, or a cheaper one
        if basis is None and (np.abs(means - centre) <= near).all():
            means = np.zeros((K, d)) + centre
            break
    return Guess(shift, means, basis)


def rounding(value):
    """Deviation that a constant column of this value may seem to have."""
    return 8 * np.finfo(float).eps * np.abs(value)


def better_guess(sums):
    """A Guess that whitens what was gathered without a basis; None where that is good enough."""
    if sums.kind == "axes" or sums.fourth is not None or sums.basis is not None:
        return None
    shift, total = sums.shift + total_mean(sums), sums.N.sum()
    basis = whitening_basis(sums.second.sum(axis=0), total, rounding(shift))
    return None if basis is None else Guess(shift, sums.shift + sums.mean, basis)


def whitening_basis(scatter, total, least):
    """Inverse Cholesky factor of the scatter of rows over their weight; None where it is benign.

    Columns with a standard deviation of at most least (d,) are constant and stay as they are.
    """
    if not np.isfinite(scatter).all():
        return None  # the caller will find it
    scale = np.sqrt(scatter.diagonal() / total)
    constant = scale <= least
    scatter[constant] = scatter[:, constant] = 0
    scale[constant] = 1
    factor = cholesky(scatter / (total * scale[:, None] * scale))
    if ((factor.diagonal() > UNDETERMINED) | constant).all():
        return None
    inverse = dtrtri(factor, lower=True)[0]
    inflation = (inverse**2).sum(axis=0)  # diagonal of the inverse of the correlation matrix
    if not (inflation[~constant] > INFLATED).any():
        return None
    inverse[constant] = np.eye(len(scale))[constant]
    return (inverse / scale).T


def cholesky(corr, ridge=RIDGE):
    """L with L L' = corr (d, d) plus the first ridge that makes it definite."""
    factor, failed = dpotrf(corr + ridge * np.eye(len(corr)), lower=True)
    return cholesky(corr, 10 * ridge) if failed else factor  # rounding in a large singular matrix


def add_gram(scatter, A, times=1.0):
    """scatter += times * A'A, at least in its lower triangle, in place."""
    if len(scatter) <= NARROW:
        dgemm(times, A.T, A.T, trans_b=True, beta=1.0, c=scatter.T, overwrite_c=True)
    else:
        dsyrk(times, A.T, beta=1.0, c=scatter.T, overwrite_c=True)


def mirrored(scatter):
    """Symmetric matrices (G, d, d) from their lower triangles, in place."""
    d = scatter.shape[1]
    upper = ~np.tri(min(d, STRIP), dtype=bool)
    for S in scatter:
        for i in range(0, d, STRIP):  # a copy to where it overlaps would need memory
            rows = S[i : i + STRIP]
            S[:i, i : i + STRIP] = rows[:, :i].T
            square = rows[:, i : i + STRIP]
            np.copyto(square, square.T, where=upper[: len(square), : len(square)])
    return scatter


def gather(X, codes, K, kind, *, weight=None, guess=None, fourth=False, missing=False):
    """Moments of n rows with class codes (n,), one pass over blocks of rows.

    fourth: also the higher sums; missing: NaN marks what is not known (kind "axes").
    """
    d = X.shape[1]
    count = np.bincount(codes, weight, K).astype(np.float64)
    if guess is None:
        guess = first_guess(X, codes, count, kind, weight, missing)
    if fourth:  # moments of single features: no basis
        guess = guess._replace(basis=None)
    codes = codes.astype(np.min_scalar_type(K))  # fast to compare and to sort
    groups = 1 if kind == "pooled" else K
    mass, first = 0.0, np.zeros((K, d))
    second = np.zeros((K, d) if kind == "axes" else (groups, d, d))
    higher = np.zeros((2, K, d, d)) if fourth else None
    blocks = row_blocks(X, block_bytes(d, K if kind == "each" else 1, X.dtype.itemsize))
    centred = mover(guess, blocks[0].stop)
    place = np.empty((blocks[0].stop, d)) if kind == "each" else None
    for part in blocks:
        w = None if weight is None else weight[part]
        rows, label, w = weighty(X[part], codes[part], w)
        A = centred(rows, label)  # (m, d), may be a view of X
        if kind == "each":  # after a first look at the rows, which brought them into the cache
            A, label, w = by_class(A, label, w, place)
        members = indicator(label, K, w)
        if missing:
            unknown = np.isnan(A)
            mass = mass - members @ unknown
            A = np.where(unknown, 0, A)
        first += members @ A
        root = A if w is None else A * np.sqrt(w)[:, None]  # root'root is weighted
        if kind == "axes":
            second += indicator(label, K) @ (root * root)
        elif kind == "pooled":
            add_gram(second[0], root)
        else:
            add_by_class(second, higher, A, root, label)
    mean = guess.means - guess.shift
    mean = mean if guess.basis is None else mean @ guess.basis
    third, fourth = (None, None) if higher is None else higher
    sums = Moments(
        kind, guess.shift, guess.basis, count, count[:, None] + mass, mean, second, third, fourth
    )
    return about_means(sums, first)


def about_means(sums, first):
    """The sums about the class means, given the first sums (K, d) about other points, and grams."""
    mass, second = np.where(sums.mass > 0, sums.mass, 1), sums.second
    delta, root = -first / mass, first / np.sqrt(mass)  # (K, d)
    sums = sums._replace(mean=sums.mean - delta)
    if sums.kind == "axes":
        return sums._replace(second=second - root**2)
    if sums.fourth is not None:
        sums = sums._replace(second=mirrored(second), fourth=mirrored(sums.fourth))
        return moved(sums, delta, first)
    for scatter, part in zip(second, root.reshape(len(second), -1, root.shape[1]), strict=True):
        add_gram(scatter, part, -1.0)
    return sums._replace(second=mirrored(second))


def block_bytes(d, parts, itemsize):
    """Size of a block of which every part is worth a product, and which stays in the cache."""
    size = max(BLOCK_BYTES, LEAST_ROWS * parts * d * itemsize)
    return min(size, SMALL // d * itemsize) if d <= NARROW else size


def add_by_class(second, higher, A, root, label):
    """Add the grams of rows ordered by class to second (K, d, d), and their higher sums; in place.

    root (m, d) holds the rows A times the roots of their weights.
    """
    edges = np.searchsorted(label, np.arange(len(second) + 1, dtype=label.dtype))
    for k in range(len(second)):
        mine = slice(edges[k], edges[k + 1])
        add_gram(second[k], root[mine])
        if higher is not None:
            square = root[mine] * A[mine]
            higher[0, k] += square.T @ root[mine]
            add_gram(higher[1, k], square)


def weighty(rows, label, weight):
    """Dense rows of positive weight, with their labels and weights."""
    rows = dense(rows)
    if weight is None or weight.all():
        return rows, label, None if weight is None else weight.astype(np.float64)
    some = weight > 0
    return rows[some], label[some], weight[some].astype(np.float64)


def by_class(rows, label, weight, place):
    """Rows, labels and weights ordered by class; the rows are put in a place (m, d)."""
    order = np.argsort(label, kind="stable")  # a count of small integers
    rows = np.take(rows, order, axis=0, out=place[: len(order)], mode="clip")
    return rows, label[order], None if weight is None else weight[order]


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


def moved(sums, delta, first=0):
    """The sums about points that lie delta (K, d) below, given the first sums (K, d) about these.

    With a' = a + delta: each power of a' is multiplied out. Where first is not 0, fourth sums are
    expected.
    """
    mass, S, C, Q = sums.mass, sums.second, sums.third, sums.fourth
    if sums.kind == "axes":
        return sums._replace(second=S + mass * delta**2)
    if sums.kind == "pooled":
        return sums._replace(second=S + (mass * delta).T @ delta)
    j, k = delta[:, :, None], delta[:, None, :]
    mass, sums_of = mass[:, :, None], np.broadcast_to(first, delta.shape)
    s_j, s_k = sums_of[:, :, None], sums_of[:, None, :]
    second = S + mass * j * k
    if Q is None:
        return sums._replace(second=second)
    second += j * s_k + s_j * k
    S_j = np.diagonal(S, axis1=1, axis2=2)[:, :, None]
    third = C + k * S_j + 2 * j * S + 2 * j * k * s_j + j**2 * s_k + mass * j**2 * k
    half = 2 * k * C + k**2 * S_j + 2 * j * k**2 * s_j
    fourth = Q + half + np.swapaxes(half, 1, 2) + 4 * j * k * S + mass * j**2 * k**2
    return sums._replace(second=second, third=third, fourth=fourth)


def expressed(sums, shift, basis):
    """The same sums in the coordinates (x - shift) @ basis."""
    mean, second = sums.mean, sums.second
    if sums.basis is not None or basis is not None:
        change = np.eye(len(shift)) if basis is None else basis
        if sums.basis is not None:
            change = np.linalg.solve(sums.basis, change)
        mean, second = mean @ change, change.T @ second @ change
    offset = sums.shift - shift
    mean = mean + (offset if basis is None else offset @ basis)
    return sums._replace(shift=shift, basis=basis, mean=mean, second=second)


def embedded(sums, place, K):
    """The same sums among K classes, class k at place[k]; the others are empty."""

    def put(values):
        wide = np.zeros((K, *values.shape[1:]))
        wide[place] = values
        return wide

    by_class = {name: put(getattr(sums, name)) for name in ("N", "mass", "mean")}
    if sums.kind != "pooled":
        by_class["second"] = put(sums.second)
    if sums.fourth is not None:
        by_class["third"], by_class["fourth"] = put(sums.third), put(sums.fourth)
    return sums._replace(**by_class)


def add(a, b):
    """Moments of the rows of both, in the coordinates of a."""
    b = expressed(b, a.shift, a.basis)
    mass = a.mass + b.mass
    mean = a.mean + (b.mean - a.mean) * (b.mass / np.where(mass > 0, mass, 1))
    a, b = moved(a, a.mean - mean), moved(b, b.mean - mean)
    third, fourth = (
        None if a.fourth is None or b.fourth is None else getattr(a, name) + getattr(b, name)
        for name in ("third", "fourth")
    )
    return Moments(
        a.kind, a.shift, a.basis, a.N + b.N, mass, mean, a.second + b.second, third, fourth
    )


def variances(sums):
    """The diagonals of the scatters, in u: (K, d) or (1, d)."""
    if sums.kind == "axes":
        return sums.second
    return np.diagonal(sums.second, axis1=1, axis2=2)


def total_mean(sums):
    """Mean of all rows (d,) in u."""
    return (sums.mass * sums.mean).sum(axis=0) / np.maximum(sums.mass.sum(axis=0), 1e-300)


def occupied(sums):
    """The same sums without empty classes, and the codes of those that are left."""
    left = np.flatnonzero(sums.N > 0)
    if len(left) == len(sums.N):
        return sums, left
    names = ["N", "mass", "mean"] + (["second"] if sums.kind != "pooled" else [])
    names += ["third", "fourth"] if sums.fourth is not None else []
    return sums._replace(**{name: getattr(sums, name)[left] for name in names}), left
