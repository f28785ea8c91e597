"""The whitened descent of a stack of layers: a start that works, rough legs, and all rows."""

from functools import cached_property

import numpy as np

from sklearn_lhy._penalty_path import ALPHAS, LEG_TOL, STRONGEST, choose_alpha, ridge_of
from sklearn_lhy._resume import layers_of, plain_layers
from sklearn_lhy._stack_sample import make_sample
from sklearn_lhy._standard import Standard
from sklearn_lhy._start import is_one_class, screened_start
from sklearn_lhy._units import Layer
from sklearn_lhy._whitened_stack import (
    cautious,
    part_step,
    planned,
    stack_start,
    stack_step,
)

FEWEST_ROWS = 1000  # the fewest rows of a part
SWEEPS = ((64, 1), (16, 4), (4, 2))  # parts of the rows, and how often to go through all of them
ROUGH_STEPS = 200
TRIES = 6  # steps of a part of a stream, which has one iteration, until one is not undone
MEMORY = 300  # rows beside which a part of a stream has a say
PERIOD = 20  # iterations between anchors
COPIES = 12  # of the first layer's scores, beside the standardised rows, that a step may hold
KEPT = 1 << 24  # bytes of freed memory that are kept for what comes next, twice over
LAST_TOL = 3e-4  # where the last leg in single precision ends, whose steps cost half as much


class StackSolver:
    """Descends on standardised rows; layers outside are those of the rows as they are.

    alpha None lets the data choose the strength of the penalty. A chosen one is that of the weights
    of standardised features, a given one that of the weights themselves. In a stream the rows are
    a part that follows others, and moves the layers by its share: `before` is then what `resume`
    gave after these, or empty.
    """

    def __init__(
        self, problem, sizes, *, alpha, chosen, n_init, random_state, tol, rough=True, before=None
    ):
        self.n_init, self.random_state = n_init, random_state
        self.tol, self.loss = tol, problem.loss
        self.stream, before = before is not None, before or {}
        self.X, self.Y = X, Y = problem.X, problem.Y
        keep_freed_memory(bytes_of_a_step(X, sizes[1]))
        self.rough = rough and not (self.stream and is_one_class(Y))
        weight = np.ones(X.shape[0], X.dtype) if problem.weight is None else problem.weight
        unit = float(weight.max())
        self.weight = weight / unit  # representable in single precision
        share = float(self.weight.sum(dtype=float))
        total, rows = share * unit, np.count_nonzero(weight)
        self.part = max(total, rows)  # small units of weight do no harm
        seen, past = before.get("seen", 0.0), before.get("past", (0.0, 0.0))
        self.seen, self.following = seen + total, seen / total
        sample = problem.parts is not None
        self.standard = Standard(X, self.weight / share, total / self.seen, past, sample)
        self.sizes = [len(self.standard.scale), *sizes[1:]]
        self.anew = before.get("collapsed", False)
        if alpha is None or (chosen and self.anew):
            data = self.standard, X, Y, self.weight
            alpha = choose_alpha(*data, unit, self.loss, self.sizes, random_state)
        self.alpha, self.chosen = alpha, chosen
        self._set_ridges(max(self.seen, rows) if chosen else self.seen, len(sizes) - 1)

    def _set_ridges(self, total, L):
        """The penalties of every layer beside a mean loss, and the path of weaker ones to them."""
        scale = self.standard.scale
        first = ridge = ridge_of(self.alpha, total)
        if not self.chosen:
            first = np.minimum(ridge / scale**2, STRONGEST)[:, None].astype(self.X.dtype)
        self.ridges = [first] + [ridge] * (L - 1)
        weaker = [a for a in ALPHAS if a < self.alpha] if self.chosen else []
        self.path = [[ridge_of(a, total)] * L for a in weaker] + [self.ridges]

    @cached_property
    def sample(self):
        """All rows, needed once the rough legs are over."""
        return make_sample(self.standard.rows(self.X, self.X.dtype), self.Y, self.weight)

    def start(self, layers=None, **belief):
        """The state at these layers, or the best of `n_init` random starts."""
        if layers is not None and not self.anew:
            damping = max(1.0, min(self.following, MEMORY / self.part))
            layers = cast(self.standard.inside(layers), self.X.dtype)
            state = stack_start(layers, self.loss, self.sample, self.ridges, damping)
            if self.stream:
                state = cautious(planned(state, self.loss, self.sample, self.ridges))
            return state
        states = [self._random_start() for _ in range(self.n_init)]
        return min(states, key=lambda state: state.value)

    def step(self, state):
        """One iteration over all rows.

        States carry scores of all rows, which a saved model shall not hold, and which differ in
        their last bits when they are found anew. So now and then a step does find them anew: saved
        are this anchor, without scores, and how many iterations followed.
        """
        if state.anchor is None or state.since == PERIOD:
            plain = self._plain(state)
            state = state if state.anchor is None else self._rebuilt(plain)
            state = state._replace(anchor={**plain, "value": float(state.value)}, since=0)
        after, data = state, (self.loss, self.sample, self.ridges)
        for _ in range(TRIES if self.stream else 1):
            after = stack_step(after, *data, self.tol, farther=not self.stream)
            if after.value < state.value or after.stop:
                break
        return after._replace(anchor=state.anchor, since=state.since + 1)

    def saved(self, state):
        """What `resumed` needs."""
        return {"anchor": state.anchor, "since": state.since}

    def resumed(self, saved):
        """The saved state, or None where the value shows that the objective is another one."""
        anchor = saved["anchor"]
        state = self._rebuilt(anchor)
        if state.value != anchor["value"]:
            return None
        state = state._replace(anchor=anchor)
        for _ in range(saved["since"]):
            state = self.step(state)
        return state

    def _plain(self, state):
        return {
            "layers": plain_layers(state.layers),
            "last": None if state.last is None else state.last[0],
            "damping": state.damping,
            "slope": float(state.slope),
        }

    def _rebuilt(self, plain):
        layers, last = layers_of(plain["layers"]), plain["last"]
        state = stack_start(layers, self.loss, self.sample, self.ridges, plain["damping"], last)
        return state._replace(slope=plain["slope"])

    def layers(self, state):
        """The layers of a state, for rows that are not standardised."""
        return self.standard.outside(state.layers)

    def resume(self, state):
        """How much weight the layers rest on, mean and variance of these rows, a chosen alpha.

        And whether the network has collapsed, so that a stream had better begin anew.
        """
        return {
            "seen": self.seen,
            "past": [self.standard.centre, self.standard.variance],
            "alpha": self.alpha if self.chosen else None,
            "collapsed": is_collapsed(state.layers),
        }

    def _random_start(self):
        """Screened layers, which few rows and a single start do not need to improve roughly."""
        many = len(self.Y) >= FEWEST_ROWS
        if self.rough and (many or len(self.path) > 1 or self.n_init > 1):
            layers, damping = self._rough_start()
        else:
            layers, damping = self._screened(self.sample.X), 1.0
        layers = cast(layers, self.X.dtype)
        return stack_start(layers, self.loss, self.sample, self.ridges, damping)

    def _screened(self, X):
        """Layers that have learnt little, in single precision."""
        data, ridge = (X, self.Y, self.weight), self.path[0][-1]
        return screened_start(*data, self.loss, ridge, self.sizes, self.random_state)

    def _rough_start(self):
        """Layers improved in single precision, and the damping there.

        First one step on each of many parts of the rows, then on all rows along the path of
        penalties that led to alpha.
        """
        X = self.standard.rows(self.X, np.float32)
        layers, damping = self._swept(self._screened(X), X)
        sample = self._part(X, slice(None))
        for ridges in self.path:
            tol = LAST_TOL if ridges is self.ridges else LEG_TOL
            state = stack_start(layers, self.loss, sample, ridges, damping)
            for _ in range(ROUGH_STEPS):
                state = stack_step(state, self.loss, sample, ridges, tol)
                if state.stop:
                    break
            layers, damping = state.layers, state.damping
        return layers, damping

    def _swept(self, layers, X):
        """The layers after sweeps through parts of the rows, and the damping there."""
        order = self.random_state.permutation(len(self.weight))
        worth = self.weight.sum(dtype=float) ** 2 / (self.weight @ self.weight)  # rows, if equal
        last, damping = None, 1.0
        for parts, times in SWEEPS:
            if worth < parts * max(FEWEST_ROWS, 2 * X.shape[1]):
                continue
            for rows in times * np.array_split(order, parts):
                sample = self._part(X, rows)
                layers, last, damping = part_step(
                    layers, last, damping, self.loss, sample, self.path[0]
                )
        return layers, damping

    def _part(self, X, rows):
        """Some of the standardised rows, to descend on."""
        return make_sample(X[rows], self.Y[rows], self.weight[rows].astype(X.dtype))


def bytes_of_a_step(X, m):
    """Memory that a step on rows X may need, with a first layer of m units."""
    return X.shape[0] * (X.shape[1] + COPIES * m) * X.dtype.itemsize


def keep_freed_memory(size):
    """Let a step find what the last one freed: new memory costs as much as the arithmetic on it.

    glibc gives back what is free beyond twice the size (in bytes) of the largest array that was
    freed before. This one is never written to. Other allocators take no notice.
    """
    np.empty(min(size, KEPT), np.uint8)


def is_collapsed(layers):
    """Whether all weights are about 0, for standardised rows.

    Units are then alike and hidden outputs the same for all rows: little can be learnt from there.
    """
    return all(np.abs(W).sum(axis=0).max() < 0.01 for W, _ in layers)


def cast(layers, dtype):
    """Layers of this precision."""
    return tuple(Layer(W.astype(dtype), b.astype(dtype)) for W, b in layers)
