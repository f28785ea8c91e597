"""Steps 1, 2 and 3 composed: what to descend on, by which solver.

The whitened descents of one layer and of a stack, and the lecture's rules, are run by one loop.
"""

from typing import NamedTuple

import numpy as np

from sklearn_lhy._descent import run
from sklearn_lhy._linear_solver import LinearSolver, StreamSolver, SummedSolver
from sklearn_lhy._loss import Loss
from sklearn_lhy._parts import Parts
from sklearn_lhy._stack import StackObjective, SummedStackObjective
from sklearn_lhy._stack_solver import StackSolver, bytes_of_a_step
from sklearn_lhy._steps import RULES, RuleSolver
from sklearn_lhy._summed_stack import SummedStackSolver

SOLVERS = ("whitened", *RULES)


class Problem(NamedTuple):
    """Training rows X (n, d), targets Y (n, m), weights (n,) or None, loss and penalty.

    Where all rows are in `parts`, X, Y and the weights are a sample that stands for them.
    """

    X: object
    Y: np.ndarray
    weight: np.ndarray | None
    loss: Loss
    penalty: float
    fit_intercept: bool
    parts: Parts | None = None


def stack_objective(problem):
    """The goodness of layers on the rows that are here, or on all parts."""
    if problem.parts:
        return SummedStackObjective(problem.parts, *problem[:-1])
    return StackObjective(*problem[:-1])


def rule_solver(problem, name, **settings):
    """One of the lecture's rules."""
    return RuleSolver(stack_objective(problem), name, **settings)


def validation_loss(X, Y, weight, loss):
    """layers -> mean loss on rows that do not train."""
    return StackObjective(X, Y, weight, loss, 0.0, True).value


__all__ = [
    "SOLVERS",
    "LinearSolver",
    "Problem",
    "StackSolver",
    "StreamSolver",
    "SummedSolver",
    "SummedStackSolver",
    "bytes_of_a_step",
    "rule_solver",
    "run",
    "stack_objective",
    "validation_loss",
]
