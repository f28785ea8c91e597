"""StackedLogisticMLP: where one unit fails, the view from inside, and what one layer shares."""

import copy
import pickle
import warnings
from unittest import mock

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import (
    load_breast_cancer,
    load_digits,
    load_iris,
    make_moons,
    make_multilabel_classification,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss
from sklearn.neural_network import MLPClassifier

from sklearn_lhy import GDLogisticRegression, SoftmaxGD, StackedLogisticMLP
from sklearn_lhy._loss import BINARY_CROSS_ENTROPY, CATEGORICAL_CROSS_ENTROPY
from sklearn_lhy._stack import StackObjective
from sklearn_lhy._stack_sample import make_sample
from sklearn_lhy._stack_solver import StackSolver
from sklearn_lhy._start import screened_start
from sklearn_lhy._units import Layer, sigmoid, stack_scores
from sklearn_lhy._whitened_stack import planned, stack_start, stack_step

XOR = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])
CASCADE = (  # [L27-L29]: c (x1' + x2' - .66) separates what one line cannot
    [[[-2, 2], [2, -2]], [[20], [20]]],
    [[-1, -1], [-0.66 * 20]],
)


def spirals(n=400, seed=0):
    rng = np.random.default_rng(seed)
    t = np.sqrt(rng.uniform(0.05, 1, n)) * 3 * np.pi
    y = np.arange(n) % 2
    angle = t + np.pi * y
    X = np.stack([t * np.cos(angle), t * np.sin(angle)], axis=1)
    return X + 0.2 * rng.normal(size=X.shape), y


# ---- where one unit fails ---------------------------------------------------------------------


def test_two_hidden_units_solve_xor_from_every_seed():
    """[L24, L27]: the four points, at defaults."""
    X, y = XOR
    solved = [StackedLogisticMLP((2,), random_state=s).fit(X, y).score(X, y) for s in range(100)]
    assert sum(solved) == 100


def test_two_spirals():
    X, y = spirals()
    clf = StackedLogisticMLP((16, 16), alpha=1e-3, random_state=0, max_iter=1000).fit(X, y)
    assert clf.score(X, y) > 0.95


def test_five_narrow_layers_leave_the_plateau():
    X, y = make_moons(400, noise=0.1, random_state=0)
    clf = StackedLogisticMLP((8,) * 5, alpha=1e-3, random_state=0, max_iter=500).fit(X, y)
    assert clf.score(X, y) > 0.97


def test_defaults_do_not_depend_on_units():
    X, y = load_breast_cancer(return_X_y=True)
    raw = StackedLogisticMLP(random_state=0).fit(X, y)
    other = StackedLogisticMLP(random_state=0).fit(X * np.logspace(-4, 4, 30) + 10, y)
    assert raw.alpha_ == other.alpha_
    assert abs(raw.loss_curve_[-1] - other.loss_curve_[-1]) < 5e-3
    assert raw.score(X, y) > 0.97


# ---- the objective ----------------------------------------------------------------------------


@pytest.mark.parametrize("loss", [BINARY_CROSS_ENTROPY, CATEGORICAL_CROSS_ENTROPY])
def test_the_model_of_a_step_has_the_right_slopes_and_the_objective_never_rises(loss):
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(60, 3)), np.eye(3)[rng.integers(3, size=60)]
    weight, alpha = rng.uniform(0.5, 2, 60), 0.3
    layers = [Layer(rng.normal(size=s), rng.normal(size=s[1])) for s in ((3, 4), (4, 2), (2, 3))]
    ridges = [alpha / weight.sum()] * 3
    objective = StackObjective(X, Y, weight, loss, alpha / weight.sum())
    sample = make_sample(X, Y, weight)
    state = stack_start(layers, loss, sample, ridges)
    for _ in range(30):
        state = planned(state, loss, sample, ridges)
        assert state.value == pytest.approx(objective.value(state.layers), rel=1e-12)
        gradient = objective.gradient(state.layers)
        slopes = [
            np.vdot(T[:-1], g.W) + np.vdot(T[-1], g.b)
            for stack, g in zip(state.plan.directions, gradient, strict=True)
            for T in stack
        ]
        np.testing.assert_allclose(state.plan.slopes, slopes, atol=1e-12)
        after = stack_step(state, loss, sample, ridges, 0.0)
        assert after.value <= state.value
        state = after
    assert state.value < 0.9 * objective.value(layers)


def test_the_metric_is_of_the_inputs_and_the_residuals_of_every_layer():
    rng = np.random.default_rng(0)
    X, Y, weight = rng.normal(size=(60, 3)), rng.integers(2, size=(60, 2)), rng.uniform(size=60)
    layers = [Layer(rng.normal(size=s), rng.normal(size=s[1])) for s in ((3, 4), (4, 2))]
    sample = make_sample(X, Y, weight)
    _, kept = sample.evaluate(layers, BINARY_CROSS_ENTROPY, X @ layers[0].W + layers[0].b)
    _, M, gamma = sample.gradients(layers, BINARY_CROSS_ENTROPY, kept)
    A = sigmoid(X @ layers[0].W + layers[0].b)
    last = sigmoid(A @ layers[1].W + layers[1].b) - Y
    first = (last @ layers[1].W.T) * A * (1 - A)
    share, ones = weight / weight.sum(), np.ones((60, 1))
    rows = [np.hstack([X, ones]), np.hstack([A, ones]), first, last]
    for found, B in zip([*M, *gamma], rows, strict=True):
        assert_allclose(found, (B.T * share) @ B, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("loss", [BINARY_CROSS_ENTROPY, CATEGORICAL_CROSS_ENTROPY])
def test_the_model_of_a_step_has_the_curvature_of_gauss_and_newton(loss):
    rng = np.random.default_rng(1)
    X, Y = rng.normal(size=(60, 3)), np.eye(3)[rng.integers(3, size=60)]
    weight, ridges, h = rng.uniform(0.5, 2, 60), [0.01, 0.02, 0.03], 1e-5
    layers = [Layer(rng.normal(size=s), rng.normal(size=s[1])) for s in ((3, 4), (4, 2), (2, 3))]
    sample = make_sample(X, Y, weight)
    state = stack_step(stack_start(layers, loss, sample, ridges), loss, sample, ridges, 0.0)
    state = planned(state, loss, sample, ridges)
    assert state.plan.moves.shape[0] == 2  # also along the last step

    def scores(i, T, h):
        W, b = state.layers[i]
        moved = Layer(W + h * T[:-1], b + h * T[-1])
        return stack_scores(X, (*state.layers[:i], moved, *state.layers[i + 1 :]))

    along = [(i, T) for i in range(3) for T in state.plan.directions[i]]
    J = np.stack([(scores(i, T, h) - scores(i, T, -h)) / (2 * h) for i, T in along])
    Z, p = stack_scores(X, state.layers), loss.probability
    C = np.stack([(p(Z + h * j) - p(Z - h * j)) / (2 * h) for j in J])
    expected = np.einsum("n,knm,lnm->kl", weight / weight.sum(), J, C)
    for k, (i, T) in enumerate(along):
        for q, (other, U) in enumerate(along):
            if i == other:
                expected[k, q] += ridges[i] * np.vdot(T[:-1], U[:-1])
    np.testing.assert_allclose(state.plan.curvature, expected, rtol=1e-6, atol=1e-9)


def test_steps_that_gain_more_than_promised_go_farther(monkeypatch):
    X, y = load_digits(return_X_y=True)
    X, Y, weight = (X - X.mean(axis=0)) / 4, np.eye(10)[y], np.ones(len(y))
    loss, ridges, sample = CATEGORICAL_CROSS_ENTROPY, [1e-7] * 2, make_sample(X, Y, weight)
    end = {}
    for farther in (1.15, np.inf):
        monkeypatch.setattr("sklearn_lhy._whitened_stack.FARTHER", farther)
        seed = np.random.RandomState(0)
        layers = screened_start(X, Y, weight, loss, ridges[-1], (64, 16, 10), seed)
        state = stack_start(layers, loss, sample, ridges)
        for _ in range(5):
            before, state = state.value, stack_step(state, loss, sample, ridges, 0.0)
            assert state.value < before
        end[farther] = state.value
    assert end[1.15] < 0.7 * end[np.inf]


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_the_metric_of_very_many_inputs_is_diagonal(container):
    rng = np.random.default_rng(0)
    X, weight = rng.normal(size=(40, 1001)), rng.uniform(size=40)
    X[rng.uniform(size=X.shape) < 0.5] = 0
    wide, narrow = (make_sample(container(A), None, weight).moment for A in (X, X[:, :-1]))
    whole = (X.T * (weight / weight.sum())) @ X
    assert_allclose(wide, np.append(whole.diagonal(), 1), rtol=1e-12)
    assert_allclose(narrow[:-1, :-1], whole[:-1, :-1], atol=1e-12)


def test_the_last_layer_learns_first_from_rows_that_have_weight():
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(300, 3)), np.eye(3)[rng.integers(3, size=300)]
    X[:, 0] += 3 * Y[:, 0]
    weight = np.repeat([1.0, 0.0], [200, 100])
    starts = []
    for _ in range(2):
        seed = np.random.RandomState(0)
        args = weight, CATEGORICAL_CROSS_ENTROPY, 1e-3, (3, 8, 3), seed
        starts.append(screened_start(X, Y, *args))
        X[200:] = 1e3
    for a, b in zip(*starts, strict=True):
        np.testing.assert_array_equal(a.W, b.W)
        np.testing.assert_array_equal(a.b, b.b)
    objective = StackObjective(X, Y, weight, CATEGORICAL_CROSS_ENTROPY, 0.0)
    assert objective.value(starts[0]) < 0.8 * np.log(3)


@pytest.mark.parametrize("alpha", [0.0, "auto"])
@pytest.mark.parametrize("value", [0.1, 0.7, 1 / 3, 1e8 / 3])
def test_constant_columns_are_left_out_whatever_rounding_leaves_of_them(value, alpha):
    X, y = (array[::-1][:120] for array in load_iris(return_X_y=True))
    constant = np.insert(X, [1, 4], value, axis=1)
    settings = {"alpha": alpha, "max_iter": 5, "tol": 0, "random_state": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        with_it = StackedLogisticMLP((4,), **settings).fit(constant, y)
        without = StackedLogisticMLP((4,), **settings).fit(X, y)
    expected = np.insert(without.coefs_[0], [1, 4], 0, axis=0)
    assert_allclose(with_it.coefs_[0], expected, rtol=1e-8)  # other columns sum in other orders
    assert not with_it.coefs_[0][[1, 5]].any()


def test_empty_columns_of_sparse_rows_are_left_out():
    X, y = make_moons(200, noise=0.2, random_state=0)
    with_it, without = (
        StackedLogisticMLP((4,), random_state=0).fit(sparse.csr_array(rows), y)
        for rows in (np.insert(X, 1, 0, axis=1), X)
    )
    np.testing.assert_array_equal(with_it.coefs_[0], np.insert(without.coefs_[0], 1, 0, axis=0))


def test_rows_that_are_all_alike_have_a_network():
    clf = StackedLogisticMLP((4,), random_state=0).fit(np.full((30, 2), 0.1), np.arange(30) < 10)
    assert_allclose(clf.predict_proba([[0.1, 0.1]]), [[2 / 3, 1 / 3]], atol=1e-3)


def test_given_weights_of_a_constant_column_keep_their_part_in_the_scores():
    X, y = make_moons(100, noise=0.2, random_state=0)
    X = np.insert(X, 0, 2.0, axis=1)
    W = [np.full((3, 2), 0.5), np.array([[1.0], [-1.0]])]
    b = [np.array([-1.0, 0.5]), np.zeros(1)]
    clf = StackedLogisticMLP((2,), alpha=0, max_iter=1, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        clf.fit(X, y, coefs_init=W, intercepts_init=b)
    start = StackObjective(X, y[:, None], None, BINARY_CROSS_ENTROPY, 0.0)
    assert clf.loss_curve_[0] < start.value(tuple(map(Layer, W, b)))
    assert not clf.coefs_[0][0].any()


@pytest.mark.parametrize("seed", range(3))
def test_a_stream_that_begins_with_noise_learns(seed):
    """A network that collapsed begins anew, and a column that was constant may matter then."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(2000, 3))
    y = (X[:, 2] > 0).astype(int)
    X[:100, 2] = 0
    clf = StackedLogisticMLP((4,), random_state=0)
    for rows in np.array_split(np.arange(2000), 20):
        clf.partial_fit(X[rows], y[rows], classes=[0, 1])
        assert clf.coefs_[0][2].any() == (rows[0] > 0)
    assert clf.alpha_ < 10  # noise chose 30
    assert clf.score(X[100:], y[100:]) > 0.95


def test_alpha_means_what_it_means_in_MLPClassifier():
    X, y = load_iris(return_X_y=True)
    ours = StackedLogisticMLP((3,), alpha=2.0, tol=1e-9, max_iter=3000, random_state=1)
    # of 400 seeds a quarter, 0 among them, end in other minima: .479 in place of .467
    ours.fit(X, y)
    theirs = MLPClassifier((3,), activation="logistic", solver="lbfgs", alpha=2.0, max_iter=5000)
    theirs.set_params(tol=1e-9, max_fun=100_000, random_state=0).fit(X, y)
    both = []
    for clf in (ours, theirs):
        loss = -np.log(clf.predict_proba(X)[np.arange(150), y]).mean()
        both.append(loss + 2.0 / 300 * sum((W**2).sum() for W in clf.coefs_))
    assert ours.loss_curve_[-1] == pytest.approx(both[0], rel=1e-9)
    assert both[0] <= both[1] + 1e-3


@pytest.mark.parametrize("load", [load_breast_cancer, load_iris])
def test_without_hidden_layers_it_is_logistic_regression(load):
    X, y = load(return_X_y=True)
    Linear = GDLogisticRegression if len(np.unique(y)) == 2 else SoftmaxGD
    one = Linear(C=1 / 3, tol=1e-10).fit(X, y)
    stack = StackedLogisticMLP((), alpha=3.0, tol=1e-10).fit(X, y)
    np.testing.assert_allclose(stack.coefs_[0].T, one.coef_, rtol=1e-8)
    np.testing.assert_array_equal(stack.predict(X), one.predict(X))
    assert not hasattr(stack, "transform")
    assert not hasattr(stack, "fit_transform")
    assert not hasattr(stack, "get_feature_names_out")


@pytest.mark.parametrize("solver", ["gd", "momentum", "adagrad", "rmsprop", "adam"])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_lectures_rules_train_stacks_too(solver):
    X, y = make_moons(300, noise=0.1, random_state=0)
    clf = StackedLogisticMLP((8,), solver=solver, alpha=1e-3, random_state=0, max_iter=300)
    curve = clf.fit(X, y).loss_curve_
    assert curve[-1] < 0.5
    assert np.diff(curve).max() <= 1e-12


# ---- the view from inside ---------------------------------------------------------------------


def test_cascade_put_in_by_hand():
    """[L27-L29]: the slide's weights give the slide's features, and solve XOR."""
    X, y = XOR
    clf = StackedLogisticMLP.from_layers(*CASCADE)
    H = clf.transform(X)
    np.testing.assert_allclose(H[[0, 3]], [[0.2689, 0.2689]] * 2, atol=5e-5)
    np.testing.assert_allclose(H[1:3], [[0.7311, 0.0474], [0.0474, 0.7311]], atol=5e-5)
    np.testing.assert_array_equal(clf.predict(X), y)
    np.testing.assert_array_equal(
        clf.get_feature_names_out(), [f"stackedlogisticmlp{j}" for j in (0, 1)]
    )
    with pytest.raises(ValueError, match="need 3 units"):
        StackedLogisticMLP.from_layers(*CASCADE, classes=[0, 1, 2])
    with pytest.raises(ValueError, match="weights of shapes"):
        StackedLogisticMLP.from_layers(CASCADE[0], [[0], [0]])


@pytest.mark.parametrize("sizes", [(5,), (5, 3)])
def test_every_unit_is_a_logistic_regression(sizes):
    """[L30]: a network is made of neurons, each of which is sigma(w.x + b) of its inputs."""
    X, y = make_moons(200, noise=0.2, random_state=0)
    frame = pd.DataFrame(X, columns=["left", "right"])
    clf = StackedLogisticMLP(sizes, random_state=0).fit(frame, y)
    inputs = frame
    for layer, size in enumerate(sizes):
        outputs = clf.layer_output(frame, layer=layer)
        for j in range(size):
            unit = clf.unit(layer, j)
            np.testing.assert_allclose(unit.predict_proba(inputs)[:, 1], outputs[:, j], atol=1e-14)
        inputs = outputs
    np.testing.assert_array_equal(clf.transform(frame), inputs)
    np.testing.assert_allclose(
        clf.unit(-1, 0).decision_function(inputs), clf.decision_function(frame), atol=1e-12
    )
    assert list(clf.unit(0, 0).feature_names_in_) == ["left", "right"]
    shown, before = clf.unit(-1, 0), pickle.dumps(clf)
    shown.coef_[:], shown.intercept_[:], shown.classes_[:] = 0, 0, 7
    assert pickle.dumps(clf) == before
    with pytest.raises(ValueError, match="hidden layers"):
        clf.layer_output(frame, 7)


def test_softmax_units_are_not_logistic():
    X, y = load_iris(return_X_y=True)
    with pytest.raises(ValueError, match="softmax"):
        StackedLogisticMLP((3,), random_state=0).fit(X, y).unit(1, 0)


def test_pandas_output_names_the_units():
    X, y = load_iris(return_X_y=True)
    clf = StackedLogisticMLP((3,), random_state=0).set_output(transform="pandas")
    columns = list(clf.fit_transform(X, y).columns)
    assert columns == [f"stackedlogisticmlp{j}" for j in range(3)]


# ---- what goes in -----------------------------------------------------------------------------


def test_multilabel_targets_dense_and_sparse():
    X, Y = make_multilabel_classification(300, 8, n_classes=3, random_state=0)
    clf = StackedLogisticMLP((8,), random_state=0).fit(X, Y)
    again = StackedLogisticMLP((8,), random_state=0).fit(X, sparse.csr_matrix(Y))
    assert clf.out_activation_ == "logistic"
    assert clf.n_outputs_ == 3
    assert (clf.predict(X) == Y).mean() > 0.85
    np.testing.assert_array_equal(again.predict_proba(X), clf.predict_proba(X))
    with pytest.raises(ValueError, match="class_weight"):
        StackedLogisticMLP(class_weight="balanced").fit(X, Y)


@pytest.mark.parametrize(
    "kind, other", [("labels", "three"), ("three", "labels"), ("three", "two")]
)
@pytest.mark.parametrize("warm_start", [False, True])
def test_labels_are_of_one_kind(kind, other, warm_start):
    """Classes 0, 1, 2 and indicators of three labels have the same `classes_`."""
    X, y = load_iris(return_X_y=True)
    targets = {"labels": y, "three": np.eye(3, dtype=int)[y], "two": np.eye(3, dtype=int)[y][:, :2]}
    clf = StackedLogisticMLP((3,), alpha=1.0, warm_start=warm_start, random_state=0)
    known = clone(clf).fit(X, targets[kind])
    before = pickle.dumps(known)
    with pytest.raises(ValueError, match="y holds (indicators|class labels)"):
        known.partial_fit(X, targets[other])
    with pytest.raises(ValueError, match="y_val holds (indicators|class labels)"):
        clf.fit(X, targets[kind], X_val=X, y_val=targets[other])
    if warm_start:
        with pytest.raises(ValueError, match="y holds (indicators|class labels)"):
            known.fit(X, targets[other])
    assert pickle.dumps(known) == before
    known.set_params(warm_start=False).fit(X, targets[other])
    clf.fit(X, targets[kind], X_val=X[:50], y_val=targets[kind][:50])


def test_sparse_rows_and_single_precision():
    X, y = load_digits(return_X_y=True)
    X, y = X[:500], y[:500]
    dense = StackedLogisticMLP((16,), alpha=1.0, random_state=0).fit(X, y)
    sparse_ = StackedLogisticMLP((16,), alpha=1.0, random_state=0).fit(sparse.csr_array(X), y)
    single = StackedLogisticMLP((16,), alpha=1.0, random_state=0).fit(X.astype(np.float32), y)
    assert {W.dtype for W in single.coefs_ + single.intercepts_} == {np.dtype(np.float32)}
    for clf in (dense, sparse_, single):
        assert clf.score(X, y) > 0.99


def test_early_stopping_and_given_validation_data():
    X, y = make_moons(300, noise=0.4, random_state=0)
    clf = StackedLogisticMLP((16,), alpha=0.0, early_stopping=True, random_state=0, max_iter=500)
    clf.fit(X[:150], y[:150], X_val=X[150:], y_val=y[150:])
    loss = -clf.predict_log_proba(X[150:])[np.arange(150), y[150:]].mean()
    assert loss == pytest.approx(min(clf.validation_loss_curve_), rel=1e-9)


@pytest.mark.parametrize("factor", [1e-6, 1 / 3000, 3.0])
def test_a_chosen_penalty_survives_small_weights(factor):
    """Weights that add up to one are no single row; three of each row are three rows."""
    X, y = make_moons(800, noise=0.2, random_state=0)
    plain = StackedLogisticMLP((8,), random_state=0).fit(X, y)
    weighted = StackedLogisticMLP((8,), random_state=0).fit(X, y, np.full(800, factor))
    if factor < 1:
        assert weighted.alpha_ == plain.alpha_
        # rounding leads them by other ways to ends that agree within tol only
        assert weighted.loss_curve_[-1] == pytest.approx(plain.loss_curve_[-1], rel=1e-2)
    else:
        loss = -weighted.predict_log_proba(X)[np.arange(800), y].mean()
        norm = sum(
            np.vdot(W, W) for W in (weighted.coefs_[0] * X.std(axis=0)[:, None], weighted.coefs_[1])
        )
        assert weighted.loss_curve_[-1] == pytest.approx(
            loss + weighted.alpha_ * norm / (2 * 3 * 800), rel=1e-6
        )


def test_few_rows_choose_among_trained_starts():
    X, y = spirals(200)
    params = {"hidden_layer_sizes": (4,), "alpha": 0.01, "tol": 1e-3}
    one = [StackedLogisticMLP(random_state=s, **params).fit(X, y) for s in range(8)]
    more = [StackedLogisticMLP(n_init=8, random_state=s, **params).fit(X, y) for s in range(8)]
    means = [np.mean([clf.loss_curve_[-1] for clf in clfs]) for clfs in (one, more)]
    least = min(clf.loss_curve_[-1] for clf in one)
    assert means[1] < (means[0] + least) / 2


def test_a_loss_of_zero_is_an_end():
    """In silence: warnings are errors here."""
    X, y = load_iris(return_X_y=True)
    two = np.r_[1.0, 1.0, np.zeros(98)]
    clf = StackedLogisticMLP((32,), alpha=0.0, tol=1e-9, random_state=0)
    for arguments in ((X, y), (X[:100], np.arange(100) % 2, two), (X, np.ones((150, 3), int))):
        clf.fit(*arguments)
        assert clf.stop_reason_ == "tol"
        assert clf.loss_curve_[-1] < 1e-50


def test_starting_layers_can_be_given():
    X, y = XOR
    coefs, intercepts = CASCADE
    clf = StackedLogisticMLP((2,), alpha=1e-3, max_iter=1)
    with pytest.warns(ConvergenceWarning):
        clf.fit(X, y, coefs_init=coefs, intercepts_init=intercepts)
    assert np.abs(clf.coefs_[0] - coefs[0]).max() < 2
    with pytest.raises(ValueError, match="give both"):
        clf.fit(X, y, coefs_init=coefs)
    go_on = StackedLogisticMLP.from_layers(coefs, intercepts, alpha=1e-3, warm_start=True)
    before = go_on.predict_proba(X)
    go_on.set_params(max_iter=200).fit(X, y)
    assert np.abs(go_on.predict_proba(X) - before).max() > 1e-6
    assert go_on.score(X, y) == 1


def test_partial_fit_goes_on():
    X, y = make_moons(600, noise=0.2, random_state=0)
    clf = StackedLogisticMLP((16,), alpha=0.1, random_state=0)
    for epoch in range(5):
        for rows in np.array_split(np.arange(600), 3):
            clf.partial_fit(X[rows], y[rows], classes=[0, 1] if epoch == 0 else None)
    assert clf.score(X, y) > 0.9


@pytest.mark.parametrize("sizes", [(0,), (4.5,), [[2], [3]], ((4,), 3), ("a",), (-1,)])
def test_sizes_that_make_no_sense(sizes):
    with pytest.raises((ValueError, TypeError), match="hidden_layer_sizes"):
        StackedLogisticMLP(sizes).fit(*XOR)


def test_a_number_is_one_hidden_layer_and_classes_of_given_layers_are_sorted():
    X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    one, same = (StackedLogisticMLP(h, alpha=0.01, random_state=0).fit(X, y) for h in (3, (3,)))
    np.testing.assert_array_equal(one.coefs_[0], same.coefs_[0])
    with pytest.raises(ValueError, match="must be sorted"):
        StackedLogisticMLP.from_layers([[[1.0]]], [[0.0]], classes=(2, 1))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("seed", [0, 1])
def test_steps_on_parts_of_the_rows_are_judged(seed):
    """A start on many rows that took every step at its word would end far away."""
    X, y = make_moons(20_000, noise=0.1, random_state=0)
    clf = StackedLogisticMLP((8,) * 5, alpha=1e-4, max_iter=10, random_state=seed)
    assert clf.fit(X, y).loss_curve_[-1] < 0.01


@pytest.mark.parametrize("rows", [1, 2, 10])
def test_a_few_rows_do_not_undo_a_fit(rows):
    X, y = make_moons(1000, noise=0.2, random_state=0)
    clf = StackedLogisticMLP(random_state=0).fit(X, y)
    before, P = clf.score(X, y), clf.predict_proba(X)
    clf.partial_fit(X[:rows], y[:rows])
    assert clf.score(X, y) > before - 0.01
    assert np.abs(clf.predict_proba(X) - P).mean() > 0  # and they are not ignored


def test_a_stream_of_small_parts_learns():
    X, y = make_moons(3000, noise=0.2, random_state=0)
    stream = StackedLogisticMLP((16,), random_state=0)
    rival = MLPClassifier((16,), random_state=0)
    for start in range(0, 3000, 10):
        part = X[start : start + 10], y[start : start + 10]
        stream.partial_fit(*part, classes=[0, 1])
        rival.partial_fit(*part, classes=[0, 1])
    assert stream.score(X, y) > rival.score(X, y) + 0.03


def test_a_hidden_layer_of_more_than_a_thousand_units_learns_as_well():
    X, y = make_moons(200, noise=0.15, random_state=0)
    clf = StackedLogisticMLP((1001,), alpha=0.03, random_state=0, tol=1e-3).fit(X, y)
    assert clf.loss_curve_[-1] < 0.11  # .089 with 1000 units, .33 with a diagonal metric


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_row_that_seems_wrong_does_not_undo_a_fit(seed):
    """Where a network is sure of another class, the curvature is nearly 0 and a step would fly."""
    X = np.random.default_rng(seed).normal(size=(1000, 5))
    y = (X[:, 0] > 0).astype(int)
    clf = StackedLogisticMLP(random_state=0).fit(X, y)
    clf.partial_fit(X[:1], 1 - y[:1])
    assert clf.score(X, y) > 0.97


@pytest.mark.parametrize("first, seed", [(1, 1), (1, 2), (1, 3), (10, 0), (100, 0)])
def test_a_stream_that_begins_with_one_class_learns(first, seed):
    X = np.random.default_rng(seed).normal(size=(3000, 5))
    y = (X[:, 0] > 0).astype(int)
    lone = np.flatnonzero(y == 0)[:first]
    clf = StackedLogisticMLP(random_state=seed).partial_fit(X[lone], y[lone], classes=[0, 1])
    for _ in range(3):
        for rows in np.array_split(np.arange(3000), 30):
            clf.partial_fit(X[rows], y[rows])
    assert clf.score(X, y) > 0.97


def test_a_stream_follows_a_change():
    X = np.random.default_rng(0).normal(size=(9000, 5))
    clf = StackedLogisticMLP((8,), random_state=0)
    for i, rows in enumerate(np.array_split(X, 90)):
        decides = 0 if i < 60 else 1
        clf.partial_fit(rows, rows[:, decides] > 0, classes=[False, True])
    assert clf.score(X, X[:, 1] > 0) > 0.95


def test_only_the_first_part_of_a_stream_trains_in_rough_legs():
    """And of several classes; a validated fit has none, for its curves show all that happens."""
    X, y = make_moons(2000, noise=0.2, random_state=0)
    plain = StackSolver._rough_start
    with mock.patch.object(StackSolver, "_rough_start", autospec=True, side_effect=plain) as rough:
        clf = StackedLogisticMLP((16,), random_state=0)
        clf.set_params(early_stopping=True).fit(X, y)
        clf.partial_fit(X, y)
        assert rough.call_count == 0
        clone(clf).set_params(early_stopping=False).partial_fit(X, y, classes=[0, 1])
    assert rough.call_count == 1


def test_rows_of_a_stream_are_standardised_together():
    """So a row alone, whose own deviations are 0, moves the weights of the inputs too."""
    X, y = make_moons(500, noise=0.2, random_state=0)
    clf = StackedLogisticMLP((8,), random_state=0).fit(X, y)
    before = clf.coefs_[0].copy()
    clf.partial_fit(X[:1] + 0.3, y[:1])
    assert np.abs(clf.coefs_[0] - before).min() > 0
    mean, variance = clf._resume["belief"]["past"]
    rows = np.vstack([X, X[:1] + 0.3])
    assert_allclose([mean, variance], [rows.mean(axis=0), rows.var(axis=0)], rtol=1e-12)


def test_weights_in_a_stream_are_repetition():
    X, y = make_moons(2020, noise=0.2, random_state=0)
    first = StackedLogisticMLP((8,), alpha=0.1, random_state=0).fit(X[:2000], y[:2000])
    heavy, often = copy.deepcopy(first), copy.deepcopy(first)
    heavy.partial_fit(X[2000:], y[2000:], sample_weight=np.full(20, 3.0))
    often.partial_fit(np.tile(X[2000:], (3, 1)), np.tile(y[2000:], 3))
    assert_allclose(heavy.predict_proba(X), often.predict_proba(X), atol=1e-9)


def test_rows_without_weight_do_not_choose_the_strength():
    X = np.random.default_rng(0).normal(size=(60, 3))
    y, weight = np.repeat([0, 1], 30), np.zeros(60)
    weight[[0, 30]] = 1
    for seed in range(6):
        clf = StackedLogisticMLP(random_state=seed).fit(X, y, weight)
        assert clf.alpha_ == StackedLogisticMLP(random_state=seed).fit(X[[0, 30]], [0, 1]).alpha_


def test_only_a_chosen_strength_is_kept():
    X, y = make_moons(300, noise=0.2, random_state=0)
    for given in ({"alpha": 20.0}, {"solver": "adam", "max_iter": 5}):
        clf = StackedLogisticMLP((8,), random_state=0, warm_start=True, **given)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            clf.fit(X, y)
        chosen = clf.set_params(alpha="auto", solver="whitened", max_iter=200).fit(X, y).alpha_
        assert chosen < 1
        assert clf.fit(X[::20], 1 - y[::20]).alpha_ == chosen


def test_indicators_are_zeros_and_ones_of_numbered_labels():
    X, Y = np.random.default_rng(0).normal(size=(2, 30, 3))
    Y = (Y > 0).astype(int)
    for wrong in (2 * Y - 1, Y + 1):
        with pytest.raises(ValueError, match="give 1 where"):
            StackedLogisticMLP((2,)).fit(X, wrong)
    with pytest.raises(ValueError, match="leave `classes` out"):
        StackedLogisticMLP((2,)).partial_fit(X, Y, classes=[0, 1])
    assert StackedLogisticMLP((2,)).partial_fit(X, Y, classes=[0, 1, 2]).n_outputs_ == 3


def test_few_rows_choose_a_penalty_too():
    """Thirty rows that hardly tell: without one a network would be sure of what is noise."""
    losses = []
    for seed in range(8):
        X, y = make_moons(630, noise=0.5, random_state=seed)
        pair = [StackedLogisticMLP(alpha=a, random_state=seed) for a in ("auto", 0.03)]
        losses.append([log_loss(y[30:], m.fit(X[:30], y[:30]).predict_proba(X[30:])) for m in pair])
    chosen, weak = np.mean(losses, axis=0)
    assert chosen < 0.8 * weak
