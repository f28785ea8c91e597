"""From moments to a model: covariances, their factors, and the scores of rows.

The total covariance tells which directions the data span and in which units: rows are mapped to
v = u @ into, where the total covariance is the identity and redundant columns are gone. There the
eigenvalues of a class covariance are its variances as fractions of the total ones, and a floor on
them means the same for any scaling or mixing of the features. Covariances are factorised, never
inverted.

n rows, d features, r of them independent, K classes, G distinct covariances: 1 (shared) or K.
"""

from typing import NamedTuple

import numpy as np
from scipy.linalg.blas import dtrmm
from scipy.linalg.lapack import dpotrf, dpstrf, dtrtri
from scipy.spatial.distance import cdist

from sklearn_lhy._moments import expressed, rounding, total_mean
from sklearn_lhy._rows import dense, row_blocks
from sklearn_lhy._units import Layer

REDUNDANT = 1e-6  # part of a column's standard deviation that others must leave unexplained
REDUNDANT_WHITENED = 1e-9  # the same where the sums were gathered in whitened coordinates
CLEARLY = 10  # times that standard deviation, from which on no pivoting is needed
ROUNDING = 1e-13  # relative error of a sum of squares, and the least floor
LOG_2PI = np.log(2 * np.pi)


class Densities(NamedTuple):
    """K Gaussians: |(x - centre) @ whitener - offset|^2 is the squared Mahalanobis distance."""

    centre: np.ndarray  # (d,)
    whitener: np.ndarray  # (G, d, r), or (G, d) where covariances are diagonal
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


def spanned(total, least):
    """Span in which the total covariance (d, d) is the identity, by pivoted Cholesky.

    Column j is redundant if the columns before it leave a standard deviation below least[j].
    Rows outside the span are projected on it, at right angles after standardising: all columns
    then have a say where there are more columns than rows.
    """
    d = len(total)
    used = total.diagonal() > least**2
    sd = np.sqrt(np.where(used, total.diagonal(), np.inf))
    if not used.any():
        return Span(np.zeros((d, 0)), np.zeros((0, d)))
    unit = np.where(used, least, np.inf)
    scaled = total / np.outer(unit, unit)
    factor, failed = dpotrf(scaled, lower=True)
    if not failed and np.all(factor.diagonal() > CLEARLY):  # no need to look for the best order
        into = dtrtri(factor, lower=True)[0].T
        return Span(into / unit[:, None], factor.T * unit, plain=True)
    factor, order, rank, _ = dpstrf(scaled, tol=1.0, lower=True)
    order, factor = order - 1, np.tril(factor)[:, :rank]
    back = np.zeros((rank, d))
    back[:, order] = factor.T
    back *= np.where(used, unit, 0)
    Q, R = np.linalg.qr((back / sd).T)  # (d, r), (r, r)
    return Span(Q @ dtrtri(R)[0].T / sd[:, None], back)


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


def above_floor(W, Sigma, total, floor, largest):
    """Whether Sigma = (W W')^-1 exceeds the fraction floor of the total covariance (d, d).

    Mostly a bound suffices: no eigenvalue of W' total W exceeds its trace if features went
    separately, times `largest`, a bound for the eigenvalues of the correlations.
    """
    bound = np.einsum("ij,ij->i", W, W) @ total.diagonal() * largest
    return bound * floor < 1 or not dpotrf(Sigma - floor * total, lower=True)[1]


def bound_of_correlations(total, least):
    """Frobenius norm of the correlations of what varies, which no eigenvalue exceeds."""
    variance = total.diagonal()
    inverse = 1 / np.where(variance > least**2, variance, np.inf)
    return np.sqrt(np.einsum("ij,ij,j->i", total, total, inverse) @ inverse)


def log_volume(back):
    """Log of the volume (r-dimensional) that the map v -> v @ back gives to the unit cube."""
    if back.shape[0] == back.shape[1]:
        return np.linalg.slogdet(back)[1]
    return np.log(np.abs(np.linalg.qr(back.T, mode="r").diagonal())).sum()


def correlated(mean, covariance, total, least, floor, shift, basis):
    """Densities from class means (K, d), covariances (G, d, d), total (d, d), all in u."""
    whitener, largest = np.array(covariance, order="C"), bound_of_correlations(total, least)
    plain = [
        invert_root(W, least) and above_floor(W, S, total, floor, largest)
        for W, S in zip(whitener, covariance, strict=True)
    ]
    if all(plain):  # then the total covariance is far from singular too
        back, triangular = np.eye(len(total)), True
        log_norm = np.log(np.diagonal(whitener, axis1=1, axis2=2)).sum(axis=1)
    else:
        span = spanned(total, least)
        back, triangular = span.back, span.plain
        parts = [
            (W, np.log(W.diagonal()).sum(), S) if triangular and p else whitened(S, span, floor)
            for p, W, S in zip(plain, whitener, covariance, strict=True)
        ]
        whitener, log_norm, covariance = map(np.stack, zip(*parts, strict=True))
    log_norm = np.zeros(len(mean)) + log_norm - 0.5 * whitener.shape[2] * LOG_2PI
    offset = (mean[:, None] @ whitener)[:, 0]  # (K, r)
    if basis is not None:
        unfold = np.linalg.solve(basis, np.eye(len(basis)))
        covariance = unfold.T @ covariance @ unfold
        whitener, mean = basis @ whitener, mean @ unfold
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


def shrunk(S, amount):
    """(1 - s) S + s mu I with mu the mean variance; S (..., d, d), or variances (G, d)."""
    if S.ndim == 2:
        return (1 - amount) * S + amount * S.mean(axis=1, keepdims=True)
    mu = np.trace(S, axis1=1, axis2=2) / S.shape[1]
    return (1 - amount) * S + amount * mu[:, None, None] * np.eye(S.shape[1])


def ledoit_wolf(sums, total):
    """Scatters (K, d, d), each shrunk to the diagonal by Ledoit and Wolf's amount (2004).

    The amount is that of the standardised rows; a column that is constant within a class is
    measured by its total variance (d,).
    """
    shrunk_sums = np.empty_like(sums.second)
    constant = rounding(sums.shift)
    d = max(1, np.count_nonzero(total > constant**2))  # columns that vary at all
    for k, (N, S) in enumerate(zip(sums.N, sums.second, strict=True)):
        variance = S.diagonal() / N
        varies = variance > np.maximum(ROUNDING * total, constant**2)
        inverse = np.where(varies, 1, 0) / np.where(varies, variance, 1)
        corr = S / N * np.sqrt(np.outer(inverse, inverse))
        norm, mu = (corr**2).sum(), np.trace(corr) / d
        spread = (inverse @ sums.fourth[k] @ inverse / N - norm) / N
        distance = norm - d * mu**2
        spread = min(spread, distance)
        amount = spread / distance if spread > 0 else 0.0
        target = mu * np.diag(np.where(varies, variance, total))
        shrunk_sums[k] = (1 - amount) * S + amount * N * target
    return shrunk_sums


def pooled(second, mass, pooling):
    """Friedman's covariances between each class's own (pooling 0) and the shared one (1) [C23]."""
    if pooling == 0 or len(second) == 1:
        return second / np.where(mass > 0, mass, 1)
    shared, weight = second.sum(axis=0, keepdims=True), mass.sum(axis=0, keepdims=True)
    if pooling < 1:
        shared = (1 - pooling) * second + pooling * shared
        weight = (1 - pooling) * mass + pooling * weight
    return shared / np.where(weight > 0, weight, 1)


def least_deviation(sums, total):
    """Standard deviation (d,) in u below which what other columns leave of a column is rounding."""
    variance = np.maximum(total if total.ndim == 1 else total.diagonal(), 0)
    if sums.basis is None:
        return np.maximum(REDUNDANT * np.sqrt(variance), rounding(sums.shift))
    unfold = np.linalg.solve(sums.basis, np.eye(len(total)))
    variance_x = np.einsum("ij,ik,kj->j", unfold, total, unfold, optimize=True)
    least = REDUNDANT_WHITENED * np.sqrt(np.maximum(variance_x, 0) @ sums.basis**2)
    least = np.maximum(least, np.sqrt(ROUNDING * variance))
    return np.maximum(least, rounding(sums.shift) @ np.abs(sums.basis))


def densities(sums, *, shared, spherical=False, pooling=0.0, shrinkage=None, floor=1e-6):
    """The K Gaussians of maximum likelihood [C18, C23, C26], regularised on demand.

    sums must hold no empty class. floor is the least variance in any direction, as a fraction of
    the total variance in that direction.
    """
    if shrinkage is not None and sums.basis is not None:
        sums = expressed(sums, sums.shift, None)
    axes = sums.kind == "axes"
    N, centre = sums.N.sum(), total_mean(sums)
    mean = np.where(sums.mass > 0, sums.mean, centre) - centre
    second, mass = sums.second, sums.mass if axes else sums.N[:, None, None]
    if sums.kind == "pooled":
        mass = mass.sum(axis=0, keepdims=True)
    if axes:
        mass = np.broadcast_to(mass, second.shape)
        between = (sums.mass * mean**2).sum(axis=0) / np.maximum(sums.mass.sum(axis=0), ROUNDING)
    else:
        between = (sums.N[:, None] * mean).T @ mean / N
    if shrinkage == "auto" and not axes:
        within = pooled(second, mass, 1)[0]
        second = ledoit_wolf(sums, within.diagonal() + between.diagonal())
    within = pooled(second, mass, 1)
    covariance = within if shared else pooled(second, mass, pooling)
    if pooling == 1 and not shared:
        covariance = np.repeat(covariance, len(mean), axis=0)
    if spherical:
        covariance, within, between = shrunk(covariance, 1), shrunk(within, 1), between.mean()
    elif shrinkage is not None and shrinkage != "auto":
        covariance, within = shrunk(covariance, shrinkage), shrunk(within, shrinkage)
    total = within[0] + between
    if axes and not shared:  # nothing known of a feature in a class: what is known of it in all
        covariance = np.where(mass > 0, covariance, total)
    least, floor = least_deviation(sums, total), max(floor, ROUNDING)
    if sums.basis is None:
        centre_x = sums.shift + centre
    else:
        centre_x = sums.shift + np.linalg.solve(sums.basis.T, centre)
    if axes:
        return independent(mean, covariance, total, least, floor, centre_x)
    return correlated(mean, covariance, total, least, floor, centre_x, sums.basis)


def marginal(model, known):
    """Densities of the known columns alone: the marginal of a Gaussian is a Gaussian."""
    mean = model.mean[:, known] - model.centre[known]
    covariance = model.covariance[:, known][:, :, known]
    total = covariance.mean(axis=0) + mean.T @ mean / len(mean)
    least = REDUNDANT * np.sqrt(total.diagonal())
    return correlated(mean, covariance, total, least, ROUNDING, model.centre[known], None)


def squared_distances(A, model):
    """Squared Mahalanobis distances (m, K) of centred rows A (m, d) to the means."""
    W, M = model.whitener, model.offset
    if W.ndim == 2:
        cross = A @ (W * M).T
        return np.maximum((A * A) @ (W * W).T - 2 * cross + (M * M).sum(axis=1), 0)
    if len(W) == 1:
        return cdist(A @ W[0], M, "sqeuclidean")
    distances = np.empty((len(A), len(M)))
    for k in range(len(M)):
        Y = dtrmm(1.0, W[k].T, A.T, lower=True).T if model.triangular else A @ W[k]
        Y -= M[k]
        distances[:, k] = np.einsum("ij,ij->i", Y, Y)
    return distances


def log_densities(X, model, missing=False):
    """ln P(x given class) (n, K) in the spanned directions; missing: NaN is integrated out."""
    L = np.empty((X.shape[0], len(model.offset)))
    for part in row_blocks(X):
        A = dense(X[part]) - model.centre
        if missing and np.isnan(A).any():
            L[part] = log_densities_missing(A, ~np.isnan(A), model)
        else:
            L[part] = model.log_norm - 0.5 * squared_distances(A, model)
    return L


def log_densities_missing(A, known, model):
    """The same for centred rows A (m, d) of which only some values are known."""
    W, M = model.whitener, model.offset
    if W.ndim == 2:
        A = np.where(known, A, 0)
        square = (A * A) @ (W * W).T - 2 * A @ (W * M).T + known @ (M * M).T
        log_norm = np.where(W > 0, np.log(np.where(W > 0, W, 1)) - 0.5 * LOG_2PI, 0)
        return known @ log_norm.T - 0.5 * square
    L = np.empty((len(A), len(M)))
    patterns, which = np.unique(known, axis=0, return_inverse=True)
    for p, columns in enumerate(patterns):
        rows = np.flatnonzero(which.ravel() == p)
        part = model if columns.all() else marginal(model, columns)
        L[rows] = part.log_norm - 0.5 * squared_distances(A[np.ix_(rows, columns)], part)
    return L


def linear_scores(model, log_prior):
    """Scores x -> W'(x - centre) + b of a shared covariance, W (d, K) and b (K,) [C33].

    w_k = Sigma^-1 (mu_k - centre) and b_k = ln P(k) - |mu_k - centre|^2 / 2 in Sigma's metric; what
    all classes share is left out.
    """
    A, M = model.whitener[0], model.offset
    W = (M * A).T if A.ndim == 1 else A @ M.T
    return Layer(W, log_prior - 0.5 * (M * M).sum(axis=1))


def discriminant_directions(model, prior):
    """Directions (d, c) that separate the class means best, of unit variance within classes."""
    A = model.whitener[0]
    centred = (model.offset - prior @ model.offset) * np.sqrt(prior)[:, None]  # (K, r)
    U, strength, _ = np.linalg.svd(centred, full_matrices=False)
    U, strength = U[:, : len(prior) - 1], strength[: len(prior) - 1]
    U, strength = (
        part[..., strength > ROUNDING * max(strength.max(initial=0), 1e-300)]
        for part in (U, strength)
    )
    V = centred.T @ (unique_basis(U, strength) / strength)  # (r, c)
    return A[:, None] * V if A.ndim == 1 else A @ V


def unique_basis(U, strength):
    """Left singular vectors (K, c) with signs fixed, and rotations where singular values tie."""
    U = U.copy()
    ties = np.split(
        np.arange(len(strength)), 1 + np.flatnonzero(strength[1:] < (1 - 1e-8) * strength[:-1])
    )
    for tie in ties:
        if len(tie) > 1:  # Gram-Schmidt on the projections of fixed vectors in general position
            fixed = np.cos(np.outer(np.arange(1, len(U) + 1), np.arange(1, len(tie) + 1)))
            U[:, tie] = np.linalg.qr(U[:, tie] @ (U[:, tie].T @ fixed))[0]
    leading = (np.abs(U) > 0.5 * np.abs(U).max(axis=0, initial=0)).argmax(axis=0)
    return -U * np.sign(U[leading, np.arange(len(strength))])  # the first far class lies below 0


def draw(model, counts, rng):
    """Rows from each Gaussian, counts (K,) of them, in class order."""
    rows = []
    for k, m in enumerate(counts):
        Sigma = model.covariance[min(k, len(model.covariance) - 1)]
        normal = rng.standard_normal((m, len(model.centre)))
        if Sigma.ndim == 1:
            rows.append(model.mean[k] + normal * np.sqrt(Sigma))
            continue
        scale = np.sqrt(np.where(Sigma.diagonal() > 0, Sigma.diagonal(), 1))
        values, U = np.linalg.eigh(Sigma / np.outer(scale, scale))
        rows.append(model.mean[k] + normal * np.sqrt(np.maximum(values, 0)) @ (U.T * scale))
    return np.concatenate(rows)
