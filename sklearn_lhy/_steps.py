"""Step 3 with the lecture's update rules: how far to go, given the gradient.

A rule maps (gradient g, memory, rate, number t of this update) to (step, memory), all vectors; a
memory starts at 0. One iteration goes once through the rows, in one batch or in many.
"""

from typing import NamedTuple

import numpy as np

from sklearn_lhy._resume import layers_of, plain_layers
from sklearn_lhy._rows import magnitudes
from sklearn_lhy._stack import from_vector, to_vector

TINY = 1e-8
ROUNDING = 1e-12  # a relative rise of the objective that does not count
GROWTH = 1.5  # of an automatic rate after an iteration that lowered the objective by mini-batches


def gd(g, memory, rate, t):
    """w <- w - eta g [L11]."""
    return -rate * g, memory


def momentum(g, memory, rate, t):
    """Go on with nine tenths of the last step."""
    step = 0.9 * memory - rate * g
    return step, step


def adagrad(g, memory, rate, t):
    """Divide by the root of the sum of all squared gradients (Duchi et al. 2011)."""
    memory = memory + g**2
    return -rate * g / (np.sqrt(memory) + TINY), memory


def rmsprop(g, memory, rate, t):
    """Divide by the root of a running mean of squared gradients."""
    memory = 0.9 * memory + 0.1 * g**2
    return -rate * g / (np.sqrt(memory) + TINY), memory


def adam(g, memory, rate, t):
    """Running means of g and of g^2, both freed from their start at 0 (Kingma and Ba 2015)."""
    m, v = memory if np.ndim(memory) == 2 else (0.0, 0.0)
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
    step = -rate * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + TINY)
    return step, np.stack([m, v])


def at_rest(rule, memory):
    """The memory of a rule without its momentum, which leads on uphill after a step too far."""
    if rule is momentum:
        return 0.0
    if rule is adam and np.ndim(memory) == 2:
        return np.stack([0 * memory[0], memory[1]])
    return memory


RULES = {f.__name__: f for f in (gd, momentum, adagrad, rmsprop, adam)}


class RuleState(NamedTuple):
    """Layers, their objective, and what the rule carries from update to update."""

    layers: tuple
    value: float
    rate: float
    memory: np.ndarray | float = 0.0
    updates: int = 0
    epochs: int = 0
    slope: float = np.inf  # largest entry of the last gradients
    undone: bool = False  # the last iteration raised the loss and was taken back
    stop: str = ""


class RuleSolver:
    """Descends on a StackObjective by one of the RULES.

    A given rate is used to the letter. With rate None it starts at a safe value, and an iteration
    that raises the objective is undone and halves it. With mini-batches, whose noise raises the
    objective too, the rate grows again.
    """

    def __init__(self, objective, rule, *, rate, batch_size, seed, tol):
        self.objective, self.rule, self.rate = objective, RULES[rule], rate
        self.seed, self.tol = seed, tol
        self.normalised = rule in ("adagrad", "rmsprop", "adam")
        self.batch_size = batch_size
        self.growth = GROWTH if objective.count(batch_size) > 1 else 1.0

    def start(self, layers, rate=None, **resume):
        """The state at these layers, going on from what `resume` returned."""
        rate = self.rate or rate or first_rate(self.objective, self.normalised)
        return RuleState(layers, self.objective.value(layers), rate, **resume)

    def resume(self, state):
        """What a later start takes over, also on other rows."""
        names = ("memory", "updates", "epochs")
        return {"rate": float(state.rate)} | {name: getattr(state, name) for name in names}

    def saved(self, state):
        """What `resumed` needs."""
        saved = {name: getattr(state, name) for name in ("value", "slope", "undone")}
        return {**self.resume(state), **saved, "layers": plain_layers(state.layers)}

    def resumed(self, saved):
        """The saved state, or None where the value shows that the objective is another one."""
        layers = layers_of(saved["layers"])
        if self.objective.value(layers) != saved["value"]:
            return None
        rest = {name: saved[name] for name in saved if name != "layers"}
        return RuleState(layers, stop="tol" if saved["slope"] <= self.tol else "", **rest)

    def layers(self, state):
        """The layers of a state."""
        return state.layers

    def step(self, state):
        """One iteration through all rows."""
        tried = self._epoch(state)
        value = self.objective.value(tried.layers)
        stop = "tol" if tried.slope <= self.tol else ""
        if self.rate or stop:
            return tried._replace(value=value, stop=stop)
        if value <= (1 + ROUNDING) * state.value:
            return tried._replace(value=value, rate=self.growth * tried.rate)
        return state._replace(
            rate=state.rate / 2,
            memory=at_rest(self.rule, state.memory),
            epochs=tried.epochs,
            undone=True,
            stop="precision" if state.rate < np.finfo(float).tiny / np.finfo(float).eps else "",
        )

    def _epoch(self, state):
        """The rule applied to every batch in turn."""
        theta, memory, t = to_vector(state.layers), state.memory, state.updates
        slope = 0.0
        rng = np.random.default_rng([self.seed, state.epochs])
        for batch in self.objective.batches(self.batch_size, rng):
            g = to_vector(self.objective.gradient(from_vector(theta, state.layers), batch))
            t += 1
            step, memory = self.rule(g, memory, state.rate, t)
            theta = theta + step
            slope = max(slope, float(np.abs(g).max()))
        return state._replace(
            layers=from_vector(theta, state.layers),
            memory=memory,
            updates=t,
            epochs=state.epochs + 1,
            slope=slope,
            undone=False,
        )


def first_rate(objective, normalised):
    """A rate that is safe at the start.

    A normalised rule moves every weight by the rate: scores shall move by one at most on average.
    The others are safe at 1 / L, L a bound on the objective's curvature: that of the loss in the
    scores times the largest eigenvalue of the inputs' second moment.
    """
    X, share = objective.X, objective.share
    if normalised:
        return 1 / (1 + float((magnitudes(X).T @ share).sum()))
    v = np.zeros(X.shape[1] + 1)
    v[-1] = 1
    for _ in range(20):  # power iteration on the second moment of (x, 1)
        v = v / np.linalg.norm(v)
        r = share * (X @ v[:-1] + v[-1])
        v = np.append(X.T @ r, r.sum())
    return 1 / float(objective.loss.steepest * np.linalg.norm(v) + objective.penalty)
