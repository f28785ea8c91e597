"""Count, mean and scatter of every class: sums that add up exactly.

Every class is summed about its own mean in coordinates u = (x - shift) @ basis, in which nothing
cancels. Two sums in different coordinates are brought to those of one of them and added (Chan,
Golub and LeVeque 1983).

d features, K classes, G groups of rows that share a scatter: 1 (pooled) or K (each).
"""

from typing import NamedTuple

import numpy as np


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
    if sums.basis is not basis:  # rows may have been gathered in these coordinates
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
    """Moments of the rows of both, in the coordinates of a, whitened if those of b are too.

    Sums that were not whitened have rounded away what a basis would show, and more: where others
    are redundant, it would show their rounding.
    """
    basis = None if b.basis is None else a.basis
    a, b = expressed(a, a.shift, basis), expressed(b, a.shift, basis)
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
    return (sums if len(left) == len(sums.N) else of_classes(sums, left)), left


def of_classes(sums, left):
    """The same sums of some classes only."""
    names = ["N", "mass", "mean"] + (["second"] if sums.kind != "pooled" else [])
    names += ["third", "fourth"] if sums.fourth is not None else []
    return sums._replace(**{name: getattr(sums, name)[left] for name in names})
