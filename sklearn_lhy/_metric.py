"""The metric of the whitened descent: curvature-weighted second moments of the inputs, factorised.

Three kinds, from the best to the cheapest: "joint" is the whole curvature of coupled outputs
(m D, m D), "each" has a matrix (D, D) for each of m outputs, "diagonal" only variances. Gathering a
metric costs as much as some passes over the data, and a better one saves iterations, each a pass.
`metric_plan` takes what is expected to cost least in all.
"""

from typing import NamedTuple

import numpy as np
from scipy.linalg.lapack import dpotrf, dpotrs

from sklearn_lhy._checks import check_squares
from sklearn_lhy._objective import WRONG_SIDE

WIDEST_FACTOR = 2000  # rows of a matrix to factorise
LOG_GAIN = 16  # when all rows come in
STALE = 0.05**2  # squares of the factor by which the slope falls in an iteration: at best,
UNCOUPLED = 0.45**2  # with "each", which does not know how coupled outputs trade,
UNCORRELATED = 0.75**2  # with "diagonal"
DIAGONAL_PASSES = 4.0
ROUNDING = 1e-12  # of a variance


class CholeskyMetric(NamedTuple):
    """M_g = S_g L_g L_g' S_g for groups of outputs, S_g the diagonal of scales (q, 1)."""

    factors: tuple
    scales: tuple

    def solve(self, G):
        """M^-1 G: (D, m)."""
        groups = G.T.reshape(len(self.factors), -1, len(self.scales[0]))  # (g, m D / (g q), q)
        solved = np.empty_like(groups)
        for part, L, s, g in zip(solved, self.factors, self.scales, groups, strict=True):
            part[:] = (dpotrs(L, g.T / s, lower=1)[0] / s).T
        return solved.reshape(G.shape[::-1]).T


class DiagonalMetric(NamedTuple):
    """The diagonal of M (D, m)."""

    diagonal: np.ndarray

    def solve(self, G):
        """M^-1 G: (D, m)."""
        return G / self.diagonal


class Plan(NamedTuple):
    """A kind of metric, gathered from every step-th row; costs are in passes over the data."""

    cost: float  # of the metric and the iterations to come
    passes: float  # that the metric costs
    kind: str
    step: int
    thinned: bool  # rows of little curvature are drawn
    error: float  # square of the factor by which the slope falls in an iteration

    @property
    def exact(self):
        """Whether the metric is the curvature itself, at one point."""
        return self.error == STALE

    @property
    def of_some_rows(self):
        """Whether the metric may lack a direction that other rows have."""
        return self.step > 1 or self.thinned


def metric_plan(objective, V, gain=LOG_GAIN, stale=0.0, worse=1.0):
    """The plan of the least cost at V.

    gain is the logarithm of the factor by which the square of the slope has to fall; stale is added
    to each error, and what metrics lack beside the curvature counts for `worse` times as much.
    """
    n, D, m = objective.inputs.n, objective.inputs.D, objective.Y.shape[1]
    coupled, blocked = objective.loss.coupled, objective.prior.precision.ndim == 3
    kinds = []  # and number of second moments, multiplications to factorise, error
    if coupled and m * D <= WIDEST_FACTOR and not blocked:
        kinds.append(("joint", m * (m + 1) / 2, (m * D) ** 3, 0.0))
    if D <= WIDEST_FACTOR:
        kinds.append(("each", m, m * D**3, UNCOUPLED * coupled))
    draws = objective.metric_draws()
    share, spread, noise = objective.share_drawn(V) if kinds and len(draws) > 1 else (1, 1, 0)
    plans = []
    for kind, grams, flops, wrong in kinds:
        for step, thinned in draws:
            if thinned and kind == "joint":  # whose second moments must be of the same rows
                continue
            passes = objective.gram_passes(step, share if thinned else 1, grams, flops)
            drawn = (step - 1) * spread + step * noise * thinned
            error = STALE + worse * (wrong + 4 * D * drawn / n)
            plans.append((passes, kind, step, thinned, error))
    if not plans or not blocked:
        plans.append((DIAGONAL_PASSES, "diagonal", 1, False, worse * UNCORRELATED))
    return min(Plan(plan[0] + iterations(plan[-1] + stale, gain), *plan) for plan in plans)


def iterations(error, gain):
    """How many there will be if each lets the square of the slope fall by this factor."""
    return gain / -np.log(min(error, 0.95))


def make_metric(objective, V, plan):
    """The metric at V, with the precision of the prior."""
    inputs, prior = objective.inputs, objective.prior
    if plan.kind == "diagonal":
        M = objective.diagonal_curvature(V, WRONG_SIDE)
        _check_variances(inputs, M.T)
        return DiagonalMetric(np.maximum(prior.added_to(M), np.finfo(float).tiny))
    M = objective.curvature(V, plan.step, plan.kind, plan.thinned, WRONG_SIDE)
    _check_variances(inputs, M.diagonal(axis1=1, axis2=2).reshape(-1, inputs.D))
    M = prior.added_to(M)
    constant = _constant(M, inputs.D) if inputs.intercept and not _held(prior, M) else None
    if constant is None or not constant.any():
        return CholeskyMetric(*zip(*map(_factorise, M), strict=True))
    if plan.of_some_rows:  # others may tell
        return make_metric(objective, V, plan._replace(step=1, thinned=False))
    M[constant] = M.mT[constant] = 0
    np.einsum("gqq->gq", M)[constant] = 1
    factors, scales = zip(*map(_factorise, M), strict=True)
    for scale, fixed in zip(scales, constant, strict=True):
        scale[fixed] = np.inf
    return CholeskyMetric(factors, scales)


def _held(prior, M):
    """Whether a penalty on weights is felt beside the moments (g, q, q)."""
    largest = M.diagonal(axis1=1, axis2=2).max()
    return prior.precision.ndim == 2 and prior.precision[0].min() > ROUNDING * largest


def _constant(M, D):
    """Which inputs (g, q) say nothing beside the last one, the intercept, by moments (g, q, q).

    Without a penalty their weights would be arbitrary and large.
    """
    g, r = len(M), M.shape[1] // D
    own = M.reshape(g, r, D, r, D)[:, range(r), :, range(r)]  # (r, g, D, D)
    square = own.diagonal(axis1=2, axis2=3)  # (r, g, D)
    with np.errstate(divide="ignore", invalid="ignore"):
        left = square - own[..., -1] ** 2 / square[..., -1:]
    constant = left <= ROUNDING * square
    constant[..., -1] = False
    return constant.swapaxes(0, 1).reshape(g, -1)


def _check_variances(inputs, variances):
    """Refuse inputs whose variances (m, D) overflow or underflow."""
    check_squares(inputs.X, variances.max(axis=0)[: inputs.d], inputs.X.dtype)


def _factorise(M):
    """Cholesky factor of M / (s s') and s (q, 1), with the smallest ridge that makes it succeed."""
    s = np.sqrt(np.maximum(M.diagonal(), np.finfo(float).tiny))[:, None]
    M, ridge = M / s / s.T, 1e-13
    while True:
        M.flat[:: len(M) + 1] += ridge
        L, failed = dpotrf(M, lower=1)
        if not failed:
            return L, s
        ridge *= 100
