"""A first guess: where to centre the rows, and how to whiten them.

It fixes coordinates u = (x - shift) @ basis in which nothing cancels: each row is centred by the
guessed mean of its class before it is squared, and a badly conditioned sample also whitens the
rows, so that squaring costs no digits. The guess decides about rounding only.

n rows, d features, K classes.
"""

from typing import NamedTuple

import numpy as np
from scipy import sparse
from scipy.linalg.lapack import dpotrf, dtrtri

from sklearn_lhy._rows import NARROW, add_gram, dense

SAMPLE_ROWS = 200
FEW = 1000  # rows that are sooner summed about a rough centre than looked at before
INFLATED = 1e3  # total variance of a feature over that given the others, from which on we whiten
UNDETERMINED = 0.1  # part of the deviation of each that those before it leave, to be benign
INDEPENDENT = 0.4  # the same, for sums that may lose some digits
DENSE_CLASSES = 16  # up to which a dense indicator is faster than a sparse one
NEAR = 8  # standard deviations that a class may lie from where its rows are centred
NEARER = 4  # the same where columns depend on each other, or long sums are not cut in panels
EPS = np.finfo(float).eps
RIDGE = 1e-12  # at least; keeps the basis finite along redundant directions


class Guess(NamedTuple):
    """Where to centre (means (K, d), or (1, d) for all) and how to whiten (basis or None)."""

    shift: np.ndarray  # (d,)
    means: np.ndarray
    basis: np.ndarray | None  # (d, d)


def rough_guess(X):
    """A Guess that centres all rows halfway between the first and the last, judged by the sums."""
    ends = dense(X[:: max(1, X.shape[0] - 1)]).astype(np.float64)
    centre = (ends[0] + ends[-1]) / 2  # exact where a column is constant
    return Guess(centre, centre[None], None)


def enough(d, K):
    """How many rows tell what nearly determines others."""
    return 3 * d // 2 + K


def first_guess(X, codes, count, kind, weight=None, missing=False, known=None):
    """A Guess from about `SAMPLE_ROWS` rows of positive weight, spread evenly.

    Coordinates (shift, basis) may be known, from a Guess or moments.
    """
    d, K = X.shape[1], len(count)
    index = sampled(codes, count, max(SAMPLE_ROWS, enough(d, K)), weight)
    rows, codes = dense(X[index]).astype(np.float64, copy=False), codes[index]
    members, behind = indicator(codes, K), np.bincount(codes, minlength=K)[:, None]
    unknown = np.isnan(rows) if missing else slice(0)
    if missing:
        rows[unknown], behind = 0, members @ ~unknown
    behind = np.maximum(behind, 1)  # (K, 1) or (K, d)
    origin = rows[0].copy()  # sums about a row do not round far away
    rows -= origin
    rows[unknown] = 0
    means = members @ rows / behind
    shift = origin + means.sum(axis=0) / K
    if known is not None:
        return Guess(known.shift, origin + means, known.basis)
    rows -= np.take(means, codes, axis=0)
    rows[unknown] = 0
    means += origin
    basis, near = None, NEARER
    if kind != "axes":
        covariance = np.zeros((d, d))
        add_gram(covariance, rows, 1 / len(rows))
        least = least_part(covariance)
        if dependent(least, len(rows), d, K):
            basis = whitening_basis(covariance, shift)
        if kind == "pooled" and d > NARROW:
            near = reach(least)
    if basis is None:  # a class may lie closer together than all do
        variance = covariance.diagonal() if kind == "pooled" else members @ rows**2 / behind
        means = common_centre(means, variance, near, shift)
    return Guess(shift, means, basis)


def common_centre(means, variance, near, shift):
    """The origin or the shift (1, d) for all classes, if all are near; or the means (K, d)."""
    if is_near(means, variance, near):
        return np.zeros((1, len(shift)))  # a subtraction less
    return shift[None] if is_near(means - shift, variance, near) else means


def reach(least):
    """How many standard deviations a centre may lie off, given the `least_part` of columns."""
    return NEAR if least > INDEPENDENT else NEARER


def is_near(offset, variance, near):
    """Whether classes whose means have an offset (K, d) from a centre can be summed about it.

    Sums of squares then lose less than two digits, which posteriors can spare.
    """
    return (offset**2 <= near**2 * variance).all()


def sampled(codes, count, size, weight=None):
    """Indices of about size rows of positive weight: spread evenly, with every class among them."""
    n = len(codes)
    index = np.arange(n) if n <= size else np.arange(size) * n // size
    if weight is not None and np.any(count):  # a part of the rows may have none
        index = index[weight[index] > 0]
    if len(index) == n:
        return index
    seen = np.bincount(codes[index], minlength=len(count)) > 0
    if seen[count > 0].all():
        return index
    rows = np.arange(n) if weight is None else np.flatnonzero(weight > 0)
    found, first = np.unique(codes[rows], return_index=True)
    return np.concatenate([index, rows[first[~seen[found]]]])


def rounding(value):
    """Deviation that a constant column of this value may seem to have."""
    return 8 * EPS * np.abs(value)


def least_part(covariance):
    """Least part of its deviation that the columns before a column leave of it, 0 to 1.

    Of the covariance (d, d) the lower half is read. It is 0 if one is constant or redundant.
    """
    factor, failed = dpotrf(covariance.T)
    return 0.0 if failed else (factor.diagonal() / np.sqrt(covariance.diagonal())).min()


def dependent(least, n, d, K):
    """Whether n rows tell that some columns may nearly determine others, given `least_part`."""
    return least <= UNDETERMINED and n >= enough(d, K)


def whitening_basis(covariance, centre):
    """Inverse Cholesky factor of a covariance about a centre (d,); None where it is benign.

    Of the covariance (d, d) the lower half is read. Columns that do not vary by more than rounding
    stay as they are.
    """
    scale = np.sqrt(covariance.diagonal())
    if not np.isfinite(scale).all():
        return None  # the caller will find it
    constant = scale <= rounding(centre)
    scale[constant] = np.inf
    factor = cholesky(covariance / scale / scale[:, None])
    if ((factor.diagonal() > UNDETERMINED) | constant).all():
        return None
    inverse = dtrtri(factor)[0]
    inflation = (inverse**2).sum(axis=1)  # diagonal of the inverse of the correlation matrix
    if not (inflation[~constant] > INFLATED).any():
        return None
    inverse[:, constant], scale[constant] = np.eye(len(scale))[:, constant], 1
    return inverse / scale[:, None]


def cholesky(corr, ridge=RIDGE):
    """Upper U with U'U = corr (d, d), of which the lower half is read, plus a ridge added in place.

    It is the first that makes it definite: rounding may leave a large singular matrix without.
    """
    corr.flat[:: len(corr) + 1] += ridge
    factor, failed = dpotrf(corr.T)
    return cholesky(corr, 10 * ridge) if failed else factor


def indicator(codes, K, weight=None):
    """(K, m) matrix whose product with m rows gives the (weighted) sum of each class."""
    if K > DENSE_CLASSES:
        data = np.ones(len(codes)) if weight is None else weight
        return sparse.csc_array((data, codes, np.arange(len(codes) + 1)), shape=(K, len(codes)))
    members = (codes == np.arange(K, dtype=codes.dtype)[:, None]).astype(np.float64)
    return members if weight is None else members * weight
