"""Step 3 for a stack of layers: the whitened descent, layer by layer.

Each layer's gradient G is multiplied by the inverse second moment M of the layer's inputs and by
that of its residuals, Gamma, on the other side [Martens and Grosse 2015]. The rates of all layers
and their momenta come from one quadratic model: the Gauss-Newton matrix in the span of every
layer's direction and every layer's last step.

    D_l = -M_l^-1 G_l Gamma_l^-1                        direction of layer l, damped
    (rates, momenta) = argmin of the model              its damping follows actual / promised gain
    W, last step follow; a step that does not lower the objective is undone, and one that gains
    more than was promised is taken farther

n rows, d inputs, m outputs, k directions, L layers. The last row of a (d + 1, m) array belongs to
the intercepts. `ridges` holds the strength of the L2 penalty on each layer's weights, a number or
one for each input (d, 1).
"""

from typing import NamedTuple

import numpy as np
from scipy.linalg import lapack

from sklearn_lhy._units import Layer

INPUT_DAMPING = 0.01  # of the mean moment: directions flatter than this are not trusted
RESIDUAL_DAMPING = 0.1  # the same; residuals change from step to step, where inputs hardly do
FARTHER = 1.15  # times what was promised must a step gain to be taken farther
PART_DAMPING = 0.5  # the least on parts: a model of few rows promises too much


class Plan(NamedTuple):
    """What a step will try: the quadratic model of the objective along some directions."""

    directions: list  # per layer (1 or 2, d + 1, m): D, and the last step if there was one
    moves: np.ndarray  # (1 or 2, n, m_1) change of the first layer's scores along its directions
    slopes: np.ndarray  # (k,) derivatives along the directions
    curvature: np.ndarray  # (k, k) Gauss-Newton matrix along the directions


class StackState(NamedTuple):
    """Where the descent is, and how it came there: everything needed to go on."""

    layers: tuple
    value: float
    damping: float  # Levenberg-Marquardt, relative to the diagonal of the model
    first: np.ndarray  # (n, m_1) first layer's scores
    kept: list  # what `evaluate` gave for the derivatives
    last: tuple | None = None  # the last step: per layer (d + 1, m); and the change of `first`
    plan: Plan | None = None  # made when it is needed, which after the last step it never is
    slope: float = np.inf  # the gain of the last step, relative to the objective
    stop: str = ""
    anchor: dict | None = None  # where a saved descent goes on, and the iterations
    since: int = 0


def stack_start(layers, loss, sample, ridges, damping=1.0, last=None):
    """The state at these layers, perhaps with the step that led there."""
    layers = tuple(Layer(np.ascontiguousarray(W), b) for W, b in layers)
    first = sample.X @ layers[0].W + layers[0].b
    value, kept = sample.evaluate(layers, loss, first)
    if last is not None:
        last = last, sample.X @ last[0][:-1] + last[0][-1]
    return StackState(layers, value + penalty(layers, ridges), damping, first, kept, last)


def planned(state, loss, sample, ridges):
    """The state with directions, and the quadratic model of the objective in their span."""
    if state.plan is not None:
        return state
    layers, last = state.layers, state.last
    G, M, gamma = sample.gradients(layers, loss, state.kept)
    for g, layer, ridge in zip(G, layers, ridges, strict=True):
        g[:-1] += ridge * layer.W
    D = [_whiten(*factors) for factors in zip(G, M, gamma, ridges, strict=True)]
    directions = [np.stack([D[i]] if last is None else [D[i], last[0][i]]) for i in range(len(D))]
    moves = np.empty((len(directions[0]), *state.first.shape), state.first.dtype)
    moves[0] = sample.X @ directions[0][0, :-1]
    moves[0] += directions[0][0, -1]
    if last is not None:
        moves[1] = last[1]
    slopes = [np.einsum("kdm,dm->k", T, g) for T, g in zip(directions, G, strict=True)]
    curvature = sample.curvature(layers, loss, state.kept, moves, directions)
    start = 0
    for T, ridge in zip(directions, ridges, strict=True):  # the penalty couples within a layer
        V, own = T[:, :-1], slice(start, start + len(T))
        curvature[own, own] += np.einsum("kdm,ldm->kl", ridge * V, V)
        start += len(T)
    return state._replace(plan=Plan(directions, moves, np.concatenate(slopes), curvature))


def cautious(state):
    """A planned state whose model promises no more than the objective, which is never negative.

    Where a network is sure of the wrong class the curvature is nearly 0, and few rows may have no
    other.
    """
    if state.value == 0:
        return state
    slopes = state.plan.slopes
    most = np.outer(slopes, slopes) / (2 * state.value)
    return state._replace(plan=state.plan._replace(curvature=state.plan.curvature + most))


def stack_step(state, loss, sample, ridges, tol, farther=True):
    """Try the planned step: go there, or stay and damp more."""
    state = planned(state, loss, sample, ridges)
    c, promised = _solve(state)
    much = FARTHER * promised if farther else np.inf
    there, gained = _reach(state, c, much, loss, sample, ridges)
    if not gained > 0:
        stop = "tol" if promised <= tol * state.value or state.value == 0 else ""
        slope = promised / state.value if state.value > 0 else 0.0
        return state._replace(damping=4 * state.damping, slope=slope, stop=stop)
    damping, gain = _damping(state.damping, gained, promised), state.value - there.value
    return there._replace(
        damping=max(damping, float(np.sqrt(np.finfo(there.first.dtype).eps))),
        slope=gain / state.value,
        stop="tol" if gain <= tol * state.value else "",
    )


def part_step(layers, last, damping, loss, sample, ridges):
    """One step on a part of the rows after the last on another: layers, step, damping."""
    data = loss, sample, ridges
    state = planned(stack_start(layers, *data, damping, last), *data)
    c, promised = _solve(state)
    there = _try(state, c, loss, sample, ridges)
    gain = state.value - there.value
    if not gain > 0:
        return layers, None, 4 * damping
    return there.layers, there.last[0], max(_damping(damping, gain, promised), PART_DAMPING)


def _reach(state, c, much, loss, sample, ridges):
    """Where a step leads, and what it gained.

    If that is much, where twice, four times ... the step leads, while that is lower: for rows on
    the right side the loss falls like e^-z, where the step to the bottom of a parabola is 1. A
    trial costs little, for the first layer's scores move along a line.
    """
    there = _try(state, c, loss, sample, ridges)
    gained = state.value - there.value
    while gained > much:
        c = 2 * c
        farther = _try(state, c, loss, sample, ridges)
        if not farther.value < there.value:
            break
        there = farther
    return there, gained


def _damping(damping, gain, promised):
    """Less where a step gained what was promised, more where it gained little."""
    return damping * (1 / 3 if gain > 0.75 * promised else 3 if gain < 0.25 * promised else 1)


def _try(state, c, loss, sample, ridges):
    """Take a step of these rates and momenta (k,)."""
    plan = state.plan
    parts = c.astype(plan.moves.dtype).reshape(len(state.layers), -1)  # (L, 1 or 2)
    steps = [np.einsum("k,kdm->dm", p, T) for p, T in zip(parts, plan.directions, strict=True)]
    move = np.einsum("k,knm->nm", parts[0], plan.moves)
    layers = tuple(
        Layer(W + S[:-1], b + S[-1]) for (W, b), S in zip(state.layers, steps, strict=True)
    )
    first = state.first + move
    value, kept = sample.evaluate(layers, loss, first)
    value += penalty(layers, ridges)
    return StackState(layers, value, state.damping, first, kept, (steps, move))


def penalty(layers, ridges):
    """sum_l ridge_l |W_l|^2 / 2."""
    pairs = zip(layers, ridges, strict=True)
    return sum(float(np.vdot(ridge * layer.W, layer.W)) for layer, ridge in pairs) / 2


def _solve(state):
    """Rates and momenta (k,) that minimise the damped model, and the gain it promises."""
    B, g = state.plan.curvature.astype(float), state.plan.slopes.astype(float)
    size = np.sqrt(np.diag(B))
    size[size == 0] = 1  # a direction that is zero
    c = -_divide(B / np.outer(size, size), state.damping, g / size).ravel() / size
    return c, -(g + B @ c / 2) @ c


def _whiten(G, M, gamma, ridge):
    """D = -(M + damping)^-1 G (Gamma + damping)^-1; the ridge is shared between both sides."""
    a = M.mean() if M.ndim == 1 else M.trace() / len(M)
    c = gamma.trace() / len(gamma) + 1e-12  # where nothing is residual any metric will do
    left = np.zeros(len(G))
    left[:-1] = np.sqrt(ridge * a / c).ravel()
    right = np.sqrt(np.mean(ridge) * c / a)
    D = _divide(M, INPUT_DAMPING * a + left.astype(M.dtype), G)
    return -_divide(gamma, RESIDUAL_DAMPING * c + right.astype(M.dtype), D.T).T


def _divide(M, damping, G):
    """(M + damping)^-1 G for a second moment or its diagonal."""
    if M.ndim == 1:
        return G / (M + damping)[:, None]
    M = M.copy()
    M.flat[:: len(M) + 1] += damping
    solve = lapack.sposv if M.dtype == np.float32 else lapack.dposv
    return solve(M.T, G, overwrite_a=True)[1]  # M is symmetric: its transpose needs no copy
