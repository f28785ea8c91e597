"""From moments to a model: covariances of maximum likelihood, and the regularised family.

d features, K classes, G distinct covariances: 1 (shared) or K.
"""

import numpy as np

from sklearn_lhy._first_guess import rounding
from sklearn_lhy._gaussians import correlated, independent
from sklearn_lhy._moments import expressed, joint, total_mean

REDUNDANT = 1e-6  # part of a column's standard deviation that others must leave unexplained
REDUNDANT_WHITENED = 1e-9  # the same where whitened coordinates have kept digits that rows had
ROUNDING = 1e-13  # relative error of a sum of squares, and the least floor


def densities(moments, dtype, *, shared, spherical=False, pooling=0.0, shrinkage=None, floor=1e-6):
    """The K Gaussians of maximum likelihood [C18, C23, C26], regularised on demand.

    moments must hold no empty class, and are of rows of a dtype. floor is the least variance in any
    direction, as a fraction of the total variance in that direction.
    """
    if shrinkage is not None and moments.basis is not None:
        moments = expressed(moments, moments.shift, None)
    centre = total_mean(moments)
    mean = moments.mean - centre
    if moments.kind == "axes":
        mean *= moments.mass > 0  # a feature may be unknown in a class
    covariance, total = covariances(moments, mean, shared, spherical, pooling, shrinkage)
    own, least = least_deviations(moments, total, dtype)
    floor = max(floor, ROUNDING)
    if moments.basis is not None:
        centre = np.linalg.solve(moments.basis.T, centre)
    if moments.kind == "axes":
        return independent(mean, covariance, total, least, floor, moments.shift + centre)
    return correlated(
        mean, covariance, total, own, least, floor, moments.shift + centre, moments.basis
    )


def covariances(moments, mean, shared, spherical, pooling, shrinkage):
    """Covariances of the classes, and the total one, in u.

    (G, d, d) and (d, d), or (G, d) and (d,); the means (K, d) are centred.
    """
    second, axes = moments.second, moments.kind == "axes"
    if axes:
        mass, between = np.broadcast_to(moments.mass, second.shape), mean**2
        if spherical:  # the likelihood sees the known values of all features as those of one
            second, between = (
                np.broadcast_to(joint(part.T, mass.T)[0][:, None], part.shape)
                for part in (second, between)
            )
            mass = np.broadcast_to(mass.sum(axis=1, keepdims=True), mass.shape)
        between = joint(between, mass)[0]
    else:
        mass = moments.N[:, None, None]
        share = moments.N / moments.N.sum()
        between = (share[:, None] * mean).T @ mean
    if shrinkage == "auto" and not axes:
        within = joint(second, mass)[0]
        second = ledoit_wolf(moments, within.diagonal() + between.diagonal())
    within = joint(second, mass)
    covariance = within if shared else pooled(second, within, mass, pooling)
    if shrinkage is not None and shrinkage != "auto":
        covariance, within = shrunk(covariance, shrinkage), shrunk(within, shrinkage)
    total = within[0] + between
    if axes and not shared and pooling == 0:
        # of a feature unknown in a class: what is known of it in all
        covariance = np.where(mass > 0, covariance, total)
    return covariance, total


def least_deviations(moments, total, dtype):
    """Two standard deviations (d,) of each column of u.

    One is that of changes of each feature by itself, in proportion to its deviation. The other, a
    small part of it or rounding, is the least that other columns must leave of this one.
    """
    variance = np.maximum(total if total.ndim == 1 else total.diagonal(), 0)
    if moments.basis is None:
        own = np.sqrt(variance)
        return own, np.maximum(REDUNDANT * own, rounding(moments.shift))
    unfold = np.linalg.solve(moments.basis, np.eye(len(total)))
    variance_x = np.einsum("ij,ik,kj->j", unfold, total, unfold, optimize=True)
    own = np.sqrt(np.maximum(variance_x, 0) @ moments.basis**2)
    part = REDUNDANT if dtype == np.float32 else REDUNDANT_WHITENED
    least = np.maximum(part * own, np.sqrt(ROUNDING * variance))
    return own, np.maximum(least, rounding(moments.shift) @ np.abs(moments.basis))


def pooled(own, shared, mass, pooling):
    """Friedman's covariances between each class's own (pooling 0) and the shared one (1) [C23]."""
    if pooling == 0:
        return own
    weight, all_ = (1 - pooling) * mass, pooling * mass.sum(axis=0)
    share = all_ / np.where(weight + all_ > 0, weight + all_, 1)
    return (1 - share) * own + share * shared


def shrunk(S, amount):
    """(1 - s) S + s mu I with mu the mean variance; S (..., d, d), or variances (G, d)."""
    if S.ndim == 2:
        return (1 - amount) * S + amount * S.mean(axis=1, keepdims=True)
    mu = np.trace(S, axis1=1, axis2=2) / S.shape[1]
    return (1 - amount) * S + amount * mu[:, None, None] * np.eye(S.shape[1])


def ledoit_wolf(moments, total):
    """Covariances (K, d, d), each shrunk to the diagonal by Ledoit and Wolf's amount (2004).

    The amount is that of the standardised rows; a column that is constant within a class is
    measured by its total variance (d,).
    """
    shrunk_to = np.empty_like(moments.second)
    constant = rounding(moments.shift)
    d = max(1, np.count_nonzero(total > constant**2))  # columns that vary at all
    for k, (N, S) in enumerate(zip(moments.N, moments.second, strict=True)):
        variance = S.diagonal()
        varies = variance > np.maximum(ROUNDING * total, constant**2)
        inverse = np.where(varies, 1, 0) / np.where(varies, variance, 1)
        corr = np.sqrt(inverse)[:, None] * S * np.sqrt(inverse)
        norm, mu = (corr**2).sum(), np.trace(corr) / d
        spread = (inverse @ moments.fourth[k] @ inverse - norm) / N
        distance = norm - d * mu**2
        spread = min(spread, distance)
        amount = spread / distance if spread > 0 else 0.0
        shrunk_to[k] = (1 - amount) * S + amount * mu * np.diag(np.where(varies, variance, total))
    return shrunk_to
