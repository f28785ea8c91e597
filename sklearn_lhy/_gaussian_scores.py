"""What Gaussians say of rows: densities, scores, discriminant directions, and new rows.

n rows, d features, r of them independent, K classes, G distinct covariances: 1 (shared) or K.
"""

import numpy as np
from scipy.linalg.blas import dtrmm
from scipy.spatial.distance import cdist

from sklearn_lhy._first_guess import rounding
from sklearn_lhy._gaussian_model import REDUNDANT, REDUNDANT_WHITENED, ROUNDING
from sklearn_lhy._gaussians import LOG_2PI, Densities, correlated
from sklearn_lhy._rows import dense, row_blocks
from sklearn_lhy._units import Layer


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


def squared_distances(A, model):
    """Squared Mahalanobis distances (m, K) of centred rows A (m, d) to the means."""
    W, M = model.whitener, model.offset
    if W[0].ndim == 1:
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


def log_densities_missing(A, known, model):
    """The same for centred rows A (m, d) of which only some values are known."""
    W, M = model.whitener, model.offset
    if W[0].ndim == 1:
        A = np.where(known, A, 0)
        square = (A * A) @ (W * W).T - 2 * A @ (W * M).T + known @ (M * M).T
        log_norm = np.where(W > 0, np.log(np.where(W > 0, W, 1)) - 0.5 * LOG_2PI, 0)
        return known @ log_norm.T - 0.5 * square
    L, varies = np.empty((len(A), len(M))), varying(model)
    A, known, model = A[:, varies], known[:, varies], of_features(model, varies)
    root = roots(model)
    patterns, which = np.unique(known, axis=0, return_inverse=True)
    for p, columns in enumerate(patterns):
        rows = np.flatnonzero(which.ravel() == p)
        part = model if columns.all() else marginal(model, root, columns)
        L[rows] = part.log_norm - 0.5 * squared_distances(A[np.ix_(rows, columns)], part)
    return L


def varying(model):
    """Which features (d,) vary by more than rounding, by which no row should be judged."""
    deviation = np.sqrt(np.diagonal(model.covariance, axis1=1, axis2=2).max(axis=0))
    return np.maximum(deviation, np.ptp(model.mean, axis=0)) > rounding(model.centre)


def of_features(model, some):
    """The model of some features (d,), where the others are constant."""
    return model._replace(
        centre=model.centre[some],
        whitener=[W[some] for W in model.whitener],
        mean=model.mean[:, some],
        covariance=model.covariance[:, some][:, :, some],
    )


def roots(model):
    """Sigma = root root' (G, d, r), from the factors where they can be inverted."""
    W = np.stack(model.whitener)
    return np.linalg.inv(W).mT if W.shape[1] == W.shape[2] else model.covariance @ W


def marginal(model, root, known):
    """Densities of the known columns alone: the marginal of a Gaussian is a Gaussian.

    A QR of the known rows of the root (G, d, r) gives the factor of their covariance unsquared.
    """
    mean = model.mean[:, known] - model.centre[known]  # (K, k)
    covariance = model.covariance[:, known][:, :, known]
    root = root[:, known]
    R = np.linalg.qr(root.mT, mode="r")  # root root' = R'R
    left = np.abs(np.diagonal(R, axis1=1, axis2=2))  # deviation that those before a column leave
    sd = np.linalg.norm(root, axis=2)
    if R.shape[1] == R.shape[2] and (left > REDUNDANT_WHITENED * sd).all():
        W = np.linalg.inv(R)
        log_norm = np.zeros(len(mean)) - np.log(left).sum(axis=1) - 0.5 * len(W[0]) * LOG_2PI
        offset = (mean[:, None] @ W)[:, 0]
        return Densities(model.centre[known], W, offset, log_norm, model.mean[:, known], covariance)
    total = covariance.mean(axis=0) + mean.T @ mean / len(mean)
    own = np.sqrt(total.diagonal())
    centre = model.centre[known]
    return correlated(mean, covariance, total, own, REDUNDANT * own, ROUNDING, centre, None)


def at_centre(model):
    """The Gaussian of the shared covariance at the centre, which linear scores leave out."""
    nowhere = model._replace(offset=0 * model.offset[:1], log_norm=model.log_norm[:1])
    return nowhere._replace(mean=model.centre[None])


def linear_scores(model, log_prior):
    """Scores x -> W'(x - centre) + b of a shared covariance, W (d, K) and b (K,) [C33].

    w_k = Sigma^-1 (mu_k - centre) and b_k = ln P(k) - |mu_k - centre|^2 / 2 in Sigma's metric; what
    all classes share is left out.
    """
    A, M = model.whitener[0], model.offset
    W = (M * A).T if A.ndim == 1 else A @ M.T
    return Layer(W, log_prior - 0.5 * np.vecdot(M, M))


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
