"""Weight, mean and central moments of every class: two of them join exactly.

Every class is measured about its own mean in coordinates u = (x - shift) @ basis, in which nothing
cancels. Two moments in different coordinates are brought to those of one of them and joined (Chan,
Golub and LeVeque 1983).

d features, K classes, G groups of rows that share a covariance: 1 (pooled) or K (each).
"""

from typing import NamedTuple

import numpy as np

TINY = np.finfo(float).tiny


class Moments(NamedTuple):
    """Moments of every class about its own mean, in coordinates u = (x - shift) @ basis."""

    kind: str  # "pooled", "each" or "axes" (single features)
    shift: np.ndarray  # (d,)
    basis: np.ndarray | None  # (d, d), None for the identity
    N: np.ndarray  # (K,) total weight of the rows
    mass: np.ndarray  # (K, 1), or (K, d) where values are missing: weight behind each mean
    mean: np.ndarray  # (K, d) in u
    second: np.ndarray  # (G, d, d), or (K, d) for "axes": mean of a a'
    third: np.ndarray | None  # (K, d, d) mean of a_j^2 a_l, gathered with the fourth
    fourth: np.ndarray | None  # (K, d, d) mean of a_j^2 a_l^2, for Ledoit-Wolf


def moved(moments, delta, first=0):
    """The moments about points that lie delta (K, d) below these.

    With a' = a + delta: each power of a' is multiplied out. Where the first moments (K, d) about
    these points are not 0, fourth ones are expected.
    """
    S, C, Q = moments.second, moments.third, moments.fourth
    if moments.kind == "axes":
        return moments._replace(second=S + delta**2)
    if moments.kind == "pooled":
        share = moments.mass / max(moments.mass.sum(), TINY)
        return moments._replace(second=S + (share * delta).T @ delta)
    j, k = delta[:, :, None], delta[:, None, :]
    first = np.broadcast_to(first, delta.shape)
    f_j, f_k = first[:, :, None], first[:, None, :]
    second = S + j * k
    if Q is None:
        return moments._replace(second=second)
    second += j * f_k + f_j * k
    S_j = np.diagonal(S, axis1=1, axis2=2)[:, :, None]
    third = C + k * S_j + 2 * j * S + 2 * j * k * f_j + j**2 * f_k + j**2 * k
    half = 2 * k * C + k**2 * S_j + 2 * j * k**2 * f_j
    fourth = Q + half + np.swapaxes(half, 1, 2) + 4 * j * k * S + j**2 * k**2
    return moments._replace(second=second, third=third, fourth=fourth)


def expressed(moments, shift, basis):
    """The same moments in the coordinates (x - shift) @ basis."""
    mean, second = moments.mean, moments.second
    if moments.basis is not basis:  # rows may have been gathered in these coordinates
        change = np.eye(len(shift)) if basis is None else basis
        if moments.basis is not None:
            change = np.linalg.solve(moments.basis, change)
        mean, second = mean @ change, change.T @ second @ change
    offset = moments.shift - shift
    mean = mean + (offset if basis is None else offset @ basis)
    return moments._replace(shift=shift, basis=basis, mean=mean, second=second)


def embedded(moments, place, K):
    """The same moments among K classes, class k at place[k]; the others are empty."""

    def put(values):
        wide = np.zeros((K, *values.shape[1:]))
        wide[place] = values
        return wide

    by_class = {name: put(getattr(moments, name)) for name in ("N", "mass", "mean")}
    if moments.kind != "pooled":
        by_class["second"] = put(moments.second)
    if moments.fourth is not None:
        by_class["third"], by_class["fourth"] = put(moments.third), put(moments.fourth)
    return moments._replace(**by_class)


def add(a, b):
    """Moments of the rows of both, in the coordinates of a, whitened if those of b are too.

    Moments that were not whitened have rounded away what a basis would show, and more: where others
    are redundant, it would show their rounding.
    """
    basis = None if b.basis is None else a.basis
    a, b = expressed(a, a.shift, basis), expressed(b, a.shift, basis)
    mass = a.mass + b.mass
    share = b.mass / np.where(mass > 0, mass, 1)
    mean = a.mean + (b.mean - a.mean) * share
    a, b = moved(a, a.mean - mean), moved(b, b.mean - mean)
    if a.kind == "pooled":
        share = b.N.sum() / max(mass.sum(), TINY)
    elif a.kind == "each":
        share = share[:, :, None]
    second, third, fourth = (
        None if x is None or y is None else (1 - share) * x + share * y
        for x, y in ((a.second, b.second), (a.third, b.third), (a.fourth, b.fourth))
    )
    return Moments(a.kind, a.shift, a.basis, a.N + b.N, mass, mean, second, third, fourth)


def joint(values, mass):
    """Mean (1, ...) of values (G, ...), each with a mass behind it; one value is its own mean."""
    if len(values) == 1:
        return values
    total = mass.sum(axis=0)
    share = mass / np.where(total > 0, total, 1)
    return np.einsum("k...,k...->...", share, values)[None]


def variances(moments):
    """The diagonals of the second moments, in u: (K, d) or (1, d)."""
    if moments.kind == "axes":
        return moments.second
    return moments.second.diagonal(axis1=1, axis2=2)


def total_mean(moments):
    """Mean of all rows (d,) in u."""
    total = np.maximum(moments.mass.sum(axis=0), TINY)
    return np.vecdot(moments.mass.T, moments.mean.T) / total


def occupied(moments):
    """The same moments without empty classes, and the codes of those that are left."""
    left = moments.N.nonzero()[0]
    return (moments if len(left) == len(moments.N) else of_classes(moments, left)), left


def of_classes(moments, left):
    """The same moments of some classes only."""
    names = ["N", "mass", "mean"] + (["second"] if moments.kind != "pooled" else [])
    names += ["third", "fourth"] if moments.fourth is not None else []
    return moments._replace(**{name: getattr(moments, name)[left] for name in names})
