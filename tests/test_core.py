"""The three steps: units, loss and descent, against finite differences and 50-digit arithmetic."""

import mpmath
import numpy as np
import pytest
from scipy import sparse

from sklearn_lhy._centred_rows import CentredRows, draw_by
from sklearn_lhy._descending import held_out_rows
from sklearn_lhy._descent import stalled
from sklearn_lhy._linear_solver import LinearSolver
from sklearn_lhy._loss import (
    BINARY_CROSS_ENTROPY,
    CATEGORICAL_CROSS_ENTROPY,
    SQUARED_ERROR,
    Loss,
)
from sklearn_lhy._metric import make_metric, metric_plan
from sklearn_lhy._objective import LinearObjective, ridge
from sklearn_lhy._rows import centre_of
from sklearn_lhy._stack import StackObjective, from_vector, to_vector
from sklearn_lhy._steps import RULES, first_rate
from sklearn_lhy._training import Problem
from sklearn_lhy._units import (
    Layer,
    hidden_outputs,
    hidden_sigmoid,
    log1pexp,
    log_softmax,
    logsumexp_and_slope,
    sigmoid,
    softmax,
)
from sklearn_lhy._whitened import direction, start_state, whitened_step, with_metric

LOSSES = [BINARY_CROSS_ENTROPY, CATEGORICAL_CROSS_ENTROPY, SQUARED_ERROR]
SCORES = [-1000.0, -40.0, -3.0, -1e-9, 0.0, 2.5, 37.0, 800.0]


def numeric_gradient(f, x, step=1e-6):
    g = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        e = np.zeros_like(x)
        e[i] = step
        g[i] = (f(x + e) - f(x - e)) / (2 * step)
    return g


def data(seed=0, n=40, d=3, m=3):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d)) * [1, 10, 0.1] + [0, 5, -1]
    Y = np.eye(m)[rng.integers(m, size=n)]
    return X, Y, rng.uniform(0.1, 2, n)


# ---- units ----------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_sigmoid_of_hidden_units_errs_by_rounding(dtype):
    Z = np.linspace(-800, 800, 3201, dtype=dtype)
    before = Z.copy()
    eps = np.finfo(dtype).eps
    np.testing.assert_allclose(hidden_sigmoid(Z), sigmoid(Z.astype(float)), rtol=0, atol=eps)
    np.testing.assert_array_equal(Z, before)


@pytest.mark.parametrize("z", SCORES)
def test_sigmoid_and_its_integral_are_exact_everywhere(z):
    with mpmath.workdps(50):
        exact = 1 / (1 + mpmath.exp(-mpmath.mpf(z)))
        integral = mpmath.log(1 + mpmath.exp(mpmath.mpf(z)))
        assert sigmoid(np.array([z])) == pytest.approx(float(exact), rel=1e-15, abs=1e-320)
        assert log1pexp(np.array([z])) == pytest.approx(float(integral), rel=1e-15, abs=1e-320)


def test_softmax_slide_numbers():
    """[L22]: z = (3, 1, -3) gives y = (.88, .12, .0022); the slide's .05 is e^-3."""
    P = softmax(np.array([[3.0, 1.0, -3.0]]))
    np.testing.assert_allclose(P, [[0.8789, 0.1189, 0.0022]], atol=5e-5)
    np.testing.assert_allclose(np.exp([3, 1, -3]), [20, 2.7, 0.05], rtol=0.02)


@pytest.mark.parametrize("row", [[3.0, 1.0, -3.0], [500.0, 0.0, -500.0], [1e-3, 0.0, -40.0]])
def test_log_softmax_is_exact_where_probabilities_round(row):
    with mpmath.workdps(400):
        total = mpmath.log(sum(mpmath.exp(mpmath.mpf(z)) for z in row))
        exact = [float(mpmath.mpf(z) - total) for z in row]
    np.testing.assert_allclose(log_softmax(np.array([row]))[0], exact, rtol=1e-14, atol=0)
    np.testing.assert_allclose(
        logsumexp_and_slope(np.array([row]))[0][0, 0], float(total), rtol=1e-15
    )


def test_cascade_slide_numbers():
    """[L27-L29]: the cascade moves the four points of XOR where a line separates them."""
    X = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    first = Layer(np.array([[-2.0, 2.0], [2.0, -2.0]]), np.array([-1.0, -1.0]))
    H = hidden_outputs(X, (first, first))[1]
    np.testing.assert_allclose(H[[0, 3]], [[0.2689, 0.2689]] * 2, atol=5e-5)
    np.testing.assert_allclose(H[1], [0.7311, 0.0474], atol=5e-5)
    np.testing.assert_allclose(H[2], [0.0474, 0.7311], atol=5e-5)
    assert np.array_equal(H.sum(axis=1) > 0.66, [False, True, True, False])


# ---- loss -----------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", LOSSES)
def test_residual_and_curvature_are_derivatives(loss):
    Z = np.random.default_rng(1).normal(size=(1, 3))
    Y = np.array([[0.0, 1.0, 0.0]])
    P = loss.evaluate(Z, Y)[1]
    np.testing.assert_allclose(P, loss.probability(Z), rtol=1e-15)
    gradient = numeric_gradient(lambda z: loss.value(z, Y).sum(), Z)
    np.testing.assert_allclose(loss.residual(P, Y), gradient, atol=1e-9)
    if loss is not SQUARED_ERROR:  # whose curvature is Gauss and Newton's part only
        c = loss.curvature(P)[0]
        A = np.diag(c) - (np.outer(P[0], P[0]) if loss.coupled else 0)
        for k in range(3):
            column = numeric_gradient(lambda z, k=k: loss.residual(loss.probability(z), Y)[0, k], Z)
            np.testing.assert_allclose(A[k], column[0], atol=1e-9)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("scale", [1.0, 1000.0])
def test_losses_are_finite_far_out(loss, scale):
    Z = scale * np.array([[1.0, -1.0, 0.3]])
    assert np.isfinite(loss.value(Z, np.array([[0.0, 1.0, 0.0]]))).all()


def test_square_error_vanishes_far_from_the_target():
    """[L13, L14]: (f - y) f (1 - f) and f - y at y = 1 and z = -2, -5, -10, -20."""
    Z = np.array([[-2.0], [-5.0], [-10.0], [-20.0]])
    Y = np.ones((4, 1))
    cross_entropy = BINARY_CROSS_ENTROPY.residual(sigmoid(Z), Y)[:, 0]
    square_error = SQUARED_ERROR.residual(sigmoid(Z), Y)[:, 0]
    np.testing.assert_allclose(cross_entropy, [-0.8808, -0.9933, -1.0, -1.0], atol=5e-5)
    np.testing.assert_allclose(square_error, [-9.248e-2, -6.60e-3, -4.54e-5, -2.06e-9], rtol=1e-3)


# ---- objectives -----------------------------------------------------------------------------


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("weighted", [False, True])
def test_linear_gradient_and_curvature_against_finite_differences(loss, weighted):
    """[L9-L11]: the gradient of the objective and its second derivatives."""
    X, Y, weight = data()
    inputs = CentredRows(X, centre_of(X, None))
    share = weight / weight.sum() if weighted else None
    objective = LinearObjective(inputs, Y, share, loss, ridge(0.1, inputs))
    V = np.random.default_rng(2).normal(size=(4, 3)) / 10
    value, G = objective.value_and_gradient(V)

    def gradient(V):
        return objective.value_and_gradient(V)[1]

    numeric = numeric_gradient(lambda V: objective.value_and_gradient(V)[0], V)
    np.testing.assert_allclose(G, numeric, atol=1e-8)
    at_zero = objective.value_and_gradient(objective.zero())[0]
    assert objective.value_at_zero() == pytest.approx(at_zero, rel=1e-14)
    if loss is SQUARED_ERROR:  # whose curvature is Gauss and Newton's part only
        return
    M = objective.prior.added_to(objective.curvature(V, kind="joint" if loss.coupled else "each"))
    diagonal = objective.prior.added_to(objective.diagonal_curvature(V))
    for i in np.ndindex(V.shape):
        U = np.zeros_like(V)
        U[i] = 1
        along = numeric_gradient(lambda t, U=U: np.vdot(gradient(V + t[0] * U), U), np.zeros(1))
        assert diagonal[i] == pytest.approx(along[0], rel=1e-6)
        if loss.coupled:
            U -= U.mean(axis=1, keepdims=True)
            curved = (M[0] @ U.T.ravel()).reshape(3, 4).T
        else:
            curved = np.einsum("kab,bk->ak", M, U)
        exact = (gradient(V + 1e-6 * U) - gradient(V - 1e-6 * U)) / 2e-6
        np.testing.assert_allclose(curved, exact, atol=1e-6)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("sizes", [(), (4,), (4, 2)])
def test_chain_rule_against_finite_differences(loss, sizes):
    X, Y, weight = data()
    widths = (3, *sizes, 3)
    rng = np.random.default_rng(3)
    layers = tuple(
        Layer(rng.normal(size=(d, m)), rng.normal(size=m))
        for d, m in zip(widths[:-1], widths[1:], strict=True)
    )
    objective = StackObjective(X, Y, weight, loss, 0.05)
    theta = to_vector(layers)
    gradient = to_vector(objective.gradient(layers))
    numeric = numeric_gradient(lambda t: objective.value(from_vector(t, layers)), theta)
    np.testing.assert_allclose(gradient, numeric, atol=1e-7)
    batches = [objective.gradient(layers, np.arange(i, 40, 4)) for i in range(4)]
    np.testing.assert_allclose(np.mean([to_vector(g) for g in batches], axis=0), gradient)


def test_sparse_and_offset_rows_equal_dense_ones():
    X, Y, _ = data()
    X[np.abs(X) < 1] = 0
    V, C = np.random.default_rng(4).normal(size=(2, 4, 3))
    C = np.abs(np.random.default_rng(5).normal(size=(40, 3)))
    dense, sparse_ = (CentredRows(A, X.mean(axis=0)) for A in (X, sparse.csr_array(X)))
    explicit = np.column_stack([X - X.mean(axis=0), np.ones(40)])
    for inputs in (dense, sparse_, dense.written(), sparse_.written()):
        np.testing.assert_allclose(inputs.scorer(V)(inputs.X), explicit @ V, atol=1e-12)
        halves = slice(0, 20), slice(20, 40)
        G = inputs.centred(sum(inputs.pull(inputs.X[rows], C[rows]) for rows in halves))
        np.testing.assert_allclose(G, explicit.T @ C, atol=1e-10)
        M = inputs.second_moment(V, lambda Z, rows: C[rows])
        third = inputs.second_moment(V, lambda Z, rows: C[rows], 3)
        exact = np.einsum("ik,ia,ib->kab", C[::3], explicit[::3], explicit[::3])
        np.testing.assert_allclose(third, exact, atol=1e-9)
        np.testing.assert_allclose(M, np.einsum("ik,ia,ib->kab", C, explicit, explicit), atol=1e-9)
        diagonal = np.diagonal(M, axis1=1, axis2=2).T
        np.testing.assert_allclose(inputs.diagonal_moment(C), diagonal, atol=1e-9)


@pytest.mark.parametrize("centred", [True, False])
def test_second_moments_of_very_sparse_rows(centred):
    rng = np.random.default_rng(8)
    X = sparse.random_array((300, 120), density=0.02, random_state=rng, format="csr")
    inputs = CentredRows(X, np.asarray(X.mean(axis=0)) if centred else None)
    assert inputs.sparse_gram_cost() < inputs.dense_gram_cost()
    explicit = X.toarray()
    if centred:
        explicit = np.column_stack([explicit - explicit.mean(axis=0), np.ones(300)])
    C, V = rng.random((300, 2)), np.zeros((inputs.D, 2))
    for step in (1, 3):
        A, c = explicit[::step], C[::step]
        M = inputs.second_moment(V, lambda Z, rows: C[rows], step)
        np.testing.assert_allclose(M, np.einsum("ik,ia,ib->kab", c, A, A), atol=1e-12)


def test_rows_of_little_weight_are_drawn_and_right_in_the_mean():
    rng = np.random.default_rng(11)
    X, C = rng.normal(size=(30_000, 3)), rng.exponential(size=(30_000, 1)) ** 4
    inputs = CentredRows(X, None)
    assert len(draw_by(C[:, 0], np.random.default_rng(0))[0]) < 15_000
    whole, drawn = (
        inputs.second_moment(np.zeros((3, 1)), lambda Z, rows: C[rows], 1, thinned)[0]
        for thinned in (False, True)
    )
    assert not np.array_equal(whole, drawn)
    np.testing.assert_allclose(drawn, whole, atol=0.01 * whole[0, 0])


# ---- descent --------------------------------------------------------------------------------


def test_the_whitened_objective_never_rises_and_one_step_nearly_solves_a_quadratic():
    """With A = z^2 / 2 the same loop gives ridge regression [L8, L12], in one step."""
    linear = Loss(
        lambda Z: Z,
        lambda Z, Y: (Z**2 / 2 - Y * Z, Z),
        lambda P, Y: P - Y,
        np.ones_like,
        False,
        1.0,
    )
    rng = np.random.default_rng(6)
    X, y = rng.normal(size=(50, 3)) * [1, 100, 0.01], rng.normal(size=(50, 1))
    inputs = CentredRows(X, X.mean(axis=0))
    objective = LinearObjective(inputs, y, None, linear, ridge(1e-3, inputs))
    state = whitened_step(objective, start_state(objective, objective.zero()), 0.0)
    A = np.column_stack([X - X.mean(axis=0), np.ones(50)])
    exact = np.linalg.solve(A.T @ A / 50 + 1e-3 * np.diag([1, 1, 1, 0]), A.T @ y / 50)
    np.testing.assert_allclose(state.V, exact, rtol=1e-9)


@pytest.mark.parametrize("loss", LOSSES)
def test_whitened_descent_is_monotone_and_indifferent_to_an_affine_map(loss):
    X, Y, weight = data(n=200)
    T = np.array([[1.0, 300.0, 0], [0, 1e-3, 2], [5, 0, 1e2]])
    curves = []
    for rows in (X, X @ T + [1e3, -1, 7]):
        solver = LinearSolver(Problem(rows, Y, weight, loss, 0.0, True), 1e-9)
        state = solver.start()
        curve = [state.value]
        for _ in range(6):
            state = solver.step(state)
            curve.append(state.value)
        assert np.diff(curve).max() <= 1e-14
        curves.append(curve)
    np.testing.assert_allclose(curves[0], curves[1], rtol=1e-8)


def test_the_metric_knows_what_the_last_steps_have_shown():
    """M s = y for the last step s and the change y of the gradient along it."""
    X, Y, weight = data(n=200)
    objective = LinearSolver(Problem(X, Y, weight, LOSSES[0], 0.1, True), 1e-9).objective
    state = start_state(objective, objective.zero())
    for _ in range(3):
        state = whitened_step(objective, state, 0.0)
    step = np.ones_like(state.V)
    change = np.arange(1.0, 1 + step.size).reshape(step.shape)
    state = state._replace(past=((step, change), *state.past), G=change)
    D, slope = direction(objective, state)
    np.testing.assert_allclose(D, -step, rtol=1e-10)
    assert slope == pytest.approx(np.sqrt(np.vdot(step, change)))


def test_rules_are_those_of_their_papers():
    """Two updates of each rule by hand, for g = 2 then g = -1 at rate .1."""
    expected = {
        "gd": [-0.2, 0.1],
        "momentum": [-0.2, 0.9 * -0.2 + 0.1],
        "adagrad": [-0.1, 0.1 / np.sqrt(5)],
        "rmsprop": [-0.2 / np.sqrt(0.4), 0.1 / np.sqrt(0.46)],
        "adam": [-0.1, -0.1 * (0.08 / 0.19) / np.sqrt(0.004996 / 0.001999)],
    }
    for name, rule in RULES.items():
        first, memory = rule(np.array([2.0]), 0.0, 0.1, 1)
        second, _ = rule(np.array([-1.0]), memory, 0.1, 2)
        np.testing.assert_allclose([first[0], second[0]], expected[name], rtol=1e-6, err_msg=name)


def test_the_metric_of_each_output_is_the_curvature_where_classes_are_equally_likely():
    """Along what softmax sees, at p = 1 / m."""
    X, Y, _ = data()
    inputs = CentredRows(X, X.mean(axis=0))
    objective = LinearObjective(inputs, Y, None, CATEGORICAL_CROSS_ENTROPY, ridge(0.1, inputs))
    V = objective.zero()
    U = objective.projected(np.random.default_rng(9).normal(size=V.shape))
    each = np.einsum("ak,kab,bk->", U, objective.curvature(V), U)
    joint = U.T.ravel() @ objective.curvature(V, kind="joint")[0] @ U.T.ravel()
    assert each == pytest.approx(joint, rel=1e-12)


def test_a_metric_from_some_of_the_rows_is_not_taken_for_the_curvature():
    rng = np.random.default_rng(10)
    X, y = rng.normal(size=(20_000, 10)), rng.integers(2, size=(20_000, 1))
    inputs = CentredRows(X, X.mean(axis=0))
    objective = LinearObjective(inputs, y, None, BINARY_CROSS_ENTROPY, ridge(0.1, inputs))
    plan = metric_plan(objective, objective.zero())
    assert plan.step > 1 and not plan.exact
    assert metric_plan(objective, objective.zero(), worse=1e3).exact


def rare_input(penalty=1e-12):
    """An objective whose last input only one row in 64 has, never the first of 64."""
    rng = np.random.default_rng(11)
    X = rng.normal(size=(6400, 3))
    X[:, 2] = np.arange(6400) % 64 == 1
    y = (X[:, :1] + X[:, 2:] + rng.logistic(size=(6400, 1)) > 0).astype(float)
    inputs = CentredRows(X, None)
    return LinearObjective(inputs, y, None, BINARY_CROSS_ENTROPY, ridge(penalty, inputs))


def test_all_rows_are_taken_where_those_drawn_lack_a_direction():
    objective = rare_input()
    state = start_state(objective, objective.zero())
    plan = metric_plan(objective, state.V)._replace(kind="each", step=64, thinned=False)
    after = whitened_step(objective, with_metric(objective, state, state.V, plan), 1e-7)
    assert after.plan.step == 1
    assert after.value < state.value - 0.05


@pytest.mark.parametrize("kind", ["each", "diagonal"])
def test_a_row_far_on_the_wrong_side_has_a_curvature_in_metrics(kind):
    objective = rare_input()
    V = 100.0 * np.eye(3)[:, 2:]  # half of the rows of the rare input, and no others, are far off
    plan = metric_plan(objective, V)._replace(kind=kind, step=1, thinned=False)
    wrong = (objective.inputs.X[:, 2] * (objective.Y[:, 0] == 0)).mean()
    unit = np.eye(3)[:, 2:]
    found = 1 / (unit.T @ make_metric(objective, V, plan).solve(unit)).item()
    assert found == pytest.approx(0.03 * wrong, rel=1e-2)  # of the squared error 1


@pytest.mark.parametrize(
    "codes",
    [np.repeat([0, 1], 50), np.repeat(np.arange(30), 3), [0] * 9 + [1], np.repeat([0, 1], [97, 3])],
)
@pytest.mark.parametrize("fraction", [0.1, 0.34, 0.9])
def test_rows_set_aside_are_the_share_asked_for(codes, fraction):
    codes = np.asarray(codes)
    held = held_out_rows(codes, fraction, np.random.RandomState(0))
    all_of, some = np.bincount(codes), np.bincount(codes[held], minlength=codes.max() + 1)
    assert (some < all_of).all()
    possible = (np.abs(some - fraction * all_of) <= 1) | (some == all_of - 1)
    assert possible.all()
    if (all_of > 1).all() and fraction < 0.5:
        assert held.sum() == round(fraction * len(codes))
    with pytest.raises(ValueError, match="no class has two"):
        held_out_rows(np.arange(5), fraction, np.random.RandomState(0))


def test_a_descent_stalls_when_its_last_values_are_no_better_than_those_before():
    assert stalled([3, 1, 2, 0.5, 0.6, 0.7], 0, 2)
    assert not stalled([3, 1, 2, 0.9, 0.5, 0.7], 0, 2)
    assert stalled([1, 0.95], 0.1, 1)
    assert not stalled([1, 0.95], 0.1, 2)


def test_the_first_rate_moves_scores_by_one_or_by_less_than_the_curvature_allows():
    rng = np.random.default_rng(0)
    X, Y, weight = rng.normal(3, 2, (50, 4)), rng.integers(2, size=(50, 1)), rng.uniform(size=50)
    objective = StackObjective(X, Y, weight, BINARY_CROSS_ENTROPY, 0.5)
    share = weight / weight.sum()
    moved = np.abs(np.column_stack([X, np.ones(50)])) @ np.full(5, first_rate(objective, True))
    assert share @ moved == pytest.approx(1)
    moment = (np.column_stack([X, np.ones(50)]).T * share) @ np.column_stack([X, np.ones(50)])
    largest = np.linalg.eigvalsh(moment)[-1] / 4 + 0.5
    assert first_rate(objective, False) == pytest.approx(1 / largest, rel=1e-3)
