"""Gaussians from means and covariances: factors in the directions that the data span.

The total covariance tells which directions these are and in which units: rows are mapped to
v = u @ into, where the total covariance is the identity and redundant columns are gone. There the
eigenvalues of a class covariance are its variances as fractions of the total ones, and a floor on
them means the same for any scaling or mixing of the features. Covariances are factorised, never
inverted.

d features, r of them independent, K classes, G distinct covariances: 1 (shared) or K.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.linalg import qr
from scipy.linalg.lapack import dpotrf, dpstrf, dtrtri

CLEARLY = 10  # times the least standard deviation, from which on no pivoting is needed
EXACT = 1e7  # inflation of variances, beyond which a pivot may be what rounding has left
NARROW = 50  # columns, of whose correlations their number bounds the eigenvalues well enough
LOG_2PI = np.log(2 * np.pi)


class Densities(NamedTuple):
    """K Gaussians: |(x - centre) @ whitener - offset|^2 is the squared Mahalanobis distance."""

    centre: np.ndarray  # (d,)
    whitener: Sequence  # G arrays (d, r), or an array (G, d) where covariances are diagonal
    offset: np.ndarray  # (K, r) or (K, d): (mean - centre) @ whitener
    log_norm: np.ndarray  # (K,) log of the density at the mean
    mean: np.ndarray  # (K, d)
    covariance: np.ndarray  # (G, d, d) or (G, d)
    triangular: bool = False  # whether each whitener is upper triangular


class Span(NamedTuple):
    """Coordinates v = u @ into of the spanned directions; u = v @ back within the span."""

    into: np.ndarray  # (d, r)
    back: np.ndarray  # (r, d)
    plain: bool = False  # whether nothing is redundant, clearly, so that u serves as well


def correlated(mean, covariance, total, own, least, floor, shift, basis):
    """Densities from class means (K, d), covariances (G, d, d), total (d, d), all in u.

    Deviations of columns of u that features cause by themselves are `own`, those of rounding
    `least` (d,).
    """
    d = len(total)
    whitener = [S.copy() for S in covariance]
    largest = d if d <= NARROW else bound_of_correlations(total, least)  # of their eigenvalues
    plain = [
        invert_root(W, least) and sound(W, S, total, floor, largest)
        for W, S in zip(whitener, covariance, strict=True)
    ]
    if all(plain):  # then the total covariance is far from singular too
        back, triangular = None, True
        volume = np.log([W.diagonal() for W in whitener]).sum(axis=1)
    else:
        span = spanned(total, own, least)
        back, triangular = span.back, span.plain
        parts = [
            (W, np.log(W.diagonal()).sum(), S) if triangular and p else whitened(S, span, floor)
            for p, W, S in zip(plain, whitener, covariance, strict=True)
        ]
        whitener, volume, covariance = zip(*parts, strict=True)
        covariance = np.stack(covariance)
    log_norm = np.zeros(len(mean)) + volume - 0.5 * whitener[0].shape[1] * LOG_2PI
    if len(whitener) == 1:
        offset = mean @ whitener[0]  # (K, r)
    else:
        offset = np.array([m @ W for m, W in zip(mean, whitener, strict=True)])
    if basis is not None:
        unfold = np.linalg.solve(basis, np.eye(d))
        covariance = unfold.T @ covariance @ unfold
        whitener, mean = [basis @ W for W in whitener], mean @ unfold
        back = np.eye(d) if back is None else back
        log_norm = log_norm + log_volume(back) - log_volume(back @ unfold)
    return Densities(shift, whitener, offset, log_norm, shift + mean, covariance, triangular)


def independent(mean, variance, total, least, floor, shift):
    """Densities from class means (K, d), variances (G, d) and the total variance (d,)."""
    used = total > least**2
    variance = np.where(used, np.maximum(variance, floor * total), 0)
    sd = np.sqrt(np.where(used, variance, np.inf))
    whitener = 1 / sd  # (G, d), 0 for constant columns
    log_norm = -(np.log(sd[:, used]) + 0.5 * LOG_2PI).sum(axis=1)
    log_norm = np.broadcast_to(log_norm, len(mean))
    return Densities(shift, whitener, mean * whitener, log_norm, shift + mean, variance)


def spanned(total, own, least):
    """Span in which the total covariance (d, d) is the identity, by pivoted Cholesky.

    Column j is redundant if the columns before it leave a standard deviation below least[j].
    Rows outside the span are projected on it, at right angles in units of `own`, so that it
    matters little what errors of each feature led them there, and all columns have a say where
    there are more columns than rows.
    """
    d = len(total)
    used = total.diagonal() > least**2
    if not used.any():
        return Span(np.zeros((d, 0)), np.zeros((0, d)))
    unit = np.where(used, least, np.inf)
    scaled = total / np.outer(unit, unit)
    factor, failed = dpotrf(scaled, lower=True)
    if not failed and np.all(factor.diagonal() > CLEARLY):  # no need to look for the best order
        into = dtrtri(factor, lower=True)[0].T
        if inflation(into, scaled) < EXACT:
            return Span(into / unit[:, None], factor.T * unit, plain=True)
    factor, order, rank, _ = dpstrf(scaled, tol=1.0, lower=True)
    order, factor = order - 1, np.tril(factor)[:, :rank]
    back = np.zeros((rank, d))
    back[:, order] = factor.T
    back *= np.where(used, unit, 0)
    own = np.where(used, own, np.inf)
    Q, R = np.linalg.qr((back / own).T)  # (d, r), (r, r)
    return Span(Q @ dtrtri(R)[0].T / own[:, None], back)


def invert_root(S, least):
    """Turn S (d, d) in place into the upper triangular W with W'SW = I; whether that succeeded.

    The columns before a column must leave a standard deviation above CLEARLY * least of it.
    """
    factor, failed = dpotrf(S.T, lower=True, overwrite_a=True)
    if failed or len(S) == 0 or not (factor.diagonal() > CLEARLY * least).all():
        return False
    dtrtri(factor, lower=True, overwrite_c=True)
    return True


def whitened(Sigma, span, floor):
    """(W, log of the volume of W, Sigma), W'Sigma W = I in the span; all in u.

    Sigma (d, d) is lifted to the floor, a fraction of the total covariance.
    """
    into, back, _ = span
    if into.shape[1] == 0:
        return into, 0.0, 0 * Sigma
    V = into.T @ Sigma @ into
    if dpotrf(V - floor * np.eye(len(V)), lower=True)[1]:
        values, U = np.linalg.eigh(V)
        V = (U * np.maximum(values, floor)) @ U.T
        Sigma = back.T @ V @ back
    factor, _ = dpotrf(V, lower=True)
    log_det = -np.log(factor.diagonal()).sum() - log_volume(back)
    return into @ dtrtri(factor, lower=True)[0].T, log_det, Sigma


def sound(W, Sigma, total, floor, largest):
    """Whether Sigma = (W W')^-1 is exact and exceeds the fraction floor of the total covariance.

    Mostly a bound suffices: no eigenvalue of W' total W exceeds its trace if features went
    separately, times `largest`, a bound for the eigenvalues of the correlations.
    """
    A = np.sqrt(total.diagonal())[:, None] * W
    bound = np.vdot(A, A)
    if not bound < EXACT and not inflation(W, Sigma) < EXACT:
        return False
    return bound * largest * floor < 1 or not dpotrf(Sigma - floor * total, lower=True)[1]


def inflation(W, S):
    """Greatest variance of a column over that which the others leave of it; S = (W W')^-1."""
    return ((W * W).sum(axis=1) * S.diagonal()).max(initial=0)


def bound_of_correlations(total, least):
    """Frobenius norm of the correlations of what varies, which no eigenvalue exceeds."""
    variance = total.diagonal()
    inverse = 1 / np.sqrt(np.where(variance > least**2, variance, np.inf))
    corr = inverse[:, None] * total
    corr *= inverse
    return np.sqrt(np.vdot(corr, corr))


def log_volume(back):
    """Log of the volume (r-dimensional) that the map v -> v @ back gives to the unit cube."""
    if back.shape[0] == back.shape[1]:
        return np.linalg.slogdet(back)[1]
    large_first = np.argsort(-np.abs(back).max(axis=0, initial=0))  # so that units do not matter
    R, _ = qr(back[:, large_first].T, mode="r", pivoting=True)
    return np.log(np.abs(R.diagonal())).sum()
