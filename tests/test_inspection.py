"""What the displays draw is what the estimators did."""

import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.metrics import log_loss
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler, scale

from sklearn_lhy import GDLogisticRegression, SoftmaxGD, StackedLogisticMLP
from sklearn_lhy.inspection import LossCurveDisplay, LossSurfaceDisplay

pyplot = pytest.importorskip("matplotlib.pyplot")

X, y = load_breast_cancer(return_X_y=True)
X = scale(X[:, [0, 1, 4]])
WEIGHT = np.random.default_rng(0).uniform(0.5, 2, len(y))


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    pyplot.close("all")


# ---- LossCurveDisplay ---------------------------------------------------------------------------


def test_curves_are_those_of_the_estimators():
    half = slice(None, None, 2)
    models = {
        "watched": GDLogisticRegression().fit(X, y, X_val=X[half], y_val=y[half]),
        "alone": GDLogisticRegression().fit(X, y),
    }
    display = LossCurveDisplay.from_estimators(models, log=True, line_kwargs={"linewidth": 3})
    assert list(display.lines_) == ["watched", "alone"]
    for name, line in display.lines_.items():
        assert_array_equal(line.get_xdata(), np.arange(1, models[name].n_iter_ + 1))
        assert_array_equal(line.get_ydata(), models[name].loss_curve_)
        assert line.get_linewidth() == 3
    assert list(display.validation_lines_) == ["watched"]
    validation = display.validation_lines_["watched"]
    assert_array_equal(validation.get_ydata(), models["watched"].validation_loss_curve_)
    assert validation.get_color() == display.lines_["watched"].get_color()
    assert validation.get_linestyle() == "--"
    assert display.ax_.get_yscale() == "log"
    words = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert words == ["watched", "watched, validation", "alone"]


def test_one_curve_on_given_axes_under_its_class_name():
    _, ax = pyplot.subplots()
    model = make_pipeline(StandardScaler(), StackedLogisticMLP((2,), random_state=0)).fit(X, y)
    display = LossCurveDisplay.from_estimator(model, ax=ax)
    assert display.ax_ is ax and display.figure_ is ax.figure
    assert ax.get_yscale() == "linear"
    (line,) = display.lines_.values()
    assert line.get_label() == "StackedLogisticMLP"
    assert_array_equal(line.get_ydata(), model[-1].loss_curve_)


def test_curve_of_scikit_learns_network():
    theirs = MLPClassifier((2,), tol=0.1, random_state=0).fit(X, y)
    display = LossCurveDisplay.from_estimator(theirs, name="theirs")
    assert_array_equal(display.lines_["theirs"].get_ydata(), theirs.loss_curve_)
    assert display.validation_lines_ == {}


def test_curve_needs_a_fitted_estimator_that_records_its_loss():
    with pytest.raises(NotFittedError, match="this GDLogisticRegression does not have: fit it"):
        LossCurveDisplay.from_estimator(GDLogisticRegression())
    with pytest.raises(NotFittedError, match="this MLPClassifier does not .* records its loss"):
        LossCurveDisplay.from_estimator(MLPClassifier(solver="lbfgs", tol=0.1).fit(X, y))


# ---- LossSurfaceDisplay -------------------------------------------------------------------------


def square_error(y, p, sample_weight):
    return np.average((p - y) ** 2 / 2, weights=sample_weight)


@pytest.mark.parametrize("loss", ["cross_entropy", "squared_error"])
@pytest.mark.parametrize("weights", [(0, 2), (1, -1)])
def test_surface_is_the_objective(loss, weights):
    """At every point of the grid, by scikit-learn's log-loss and the formula of the penalty."""
    model = GDLogisticRegression(C=0.1, loss=loss)
    display = LossSurfaceDisplay.from_estimator(
        model, X, y, WEIGHT, weights=weights, grid_resolution=5
    )
    fitted = model.fit(X, y, WEIGHT)
    mean_loss = log_loss if loss == "cross_entropy" else square_error
    for place in np.ndindex(5, 5):
        w = np.append(fitted.coef_[0], fitted.intercept_)
        w[list(weights)] = display.xx0[place], display.xx1[place]
        expected = mean_loss(y, expit(X @ w[:3] + w[3]), sample_weight=WEIGHT)
        expected += w[:3] @ w[:3] / (2 * 0.1 * WEIGHT.sum())
        assert_allclose(display.loss[place], expected, rtol=1e-12)
    assert display.surface_.levels[0] <= display.loss.min()
    assert display.surface_.levels[-1] >= display.loss.max()


@pytest.mark.parametrize("solver", ["whitened", "gd", "momentum", "adam"])
def test_path_is_the_descent(solver):
    """From the given start, through the losses of loss_curve_, to the fitted weights."""
    XX, start = X[:, :2], [3.0, -2.0]
    tol = 1e-6 if solver == "whitened" else 1e-3  # its last step gains about tol^2, unrecorded
    model = GDLogisticRegression(solver=solver, fit_intercept=False, tol=tol)
    display = LossSurfaceDisplay.from_estimator(model, XX, y, coef_init=start)
    assert not hasattr(model, "coef_")
    model.fit(XX, y, coef_init=start)
    assert_array_equal(display.path[0], start)
    assert_array_equal(display.path[-1], model.coef_[0])
    assert len(display.path) == model.n_iter_ + 1
    for w, value in zip(display.path[1:], model.loss_curve_, strict=True):
        expected = log_loss(y, expit(XX @ w)) + w @ w / (2 * len(y))
        assert_allclose(expected, value, rtol=1e-9)
    assert_array_equal(display.path_.get_xydata(), display.path)
    assert (display.xx0.min(), display.xx1.min()) < tuple(display.path.min(axis=0))


def test_path_ends_where_early_stopping_went_back_to():
    model = GDLogisticRegression(
        solver="gd", learning_rate=9.0, early_stopping=True, tol=0, random_state=0
    )
    display = LossSurfaceDisplay.from_estimator(model, X[:, :2], y)
    model.fit(X[:, :2], y)
    assert_array_equal(display.path[-1], model.coef_[0])
    assert len(display.path) - 1 == 1 + np.argmin(model.validation_loss_curve_) < model.n_iter_


def test_softmax_and_names():
    XX, yy = load_wine(return_X_y=True, as_frame=True)
    model = SoftmaxGD(solver="gd", max_iter=20)
    with pytest.warns(ConvergenceWarning):
        display = LossSurfaceDisplay.from_estimator(
            model, XX, yy, weights=(6, -1), output=2, limits=[(-1, 1), (0, 4)], grid_resolution=2
        )
    assert display.names == ("w of flavanoids", "$b$")
    assert display.ax_.get_xlabel() == "w of flavanoids"
    assert_array_equal(display.xx0[0], [-1, 1])
    assert_array_equal(display.xx1[:, 0], [0, 4])
    with pytest.warns(ConvergenceWarning):
        model.fit(XX, yy)
    assert_allclose(display.path[-1], [model.coef_[2, 6], model.intercept_[2]])
    model.coef_[2, 6], model.intercept_[2] = display.xx0[1, 1], display.xx1[1, 1]
    expected = log_loss(yy, model.predict_proba(XX)) + (model.coef_**2).sum() / (2 * len(yy))
    assert_allclose(display.loss[1, 1], expected)


def test_surface_refuses_what_has_no_single_layer():
    with pytest.raises(TypeError, match="GDLogisticRegression and SoftmaxGD, got StackedLogistic"):
        LossSurfaceDisplay.from_estimator(StackedLogisticMLP(), X, y)


@pytest.mark.parametrize(
    "wrong",
    [
        {"output": 3},
        {"output": 0.0},
        {"weights": (0, 7)},
        {"weights": (0, 0)},
        {"weights": 1},
        {"limits": (0, 1)},
        {"limits": ((0, 1), (0, np.inf))},
        {"limits": ((0, 0), (0, 1))},
        {"limits": (("a", "b"), ("c", "d"))},
        {"output": False},
        {"weights": (True, False)},
        {"grid_resolution": 1},
    ],
    ids=str,
)
def test_surface_refuses_what_cannot_be_drawn(wrong):
    (name,) = wrong
    with pytest.raises(ValueError, match=f"^{name}="):
        LossSurfaceDisplay.from_estimator(GDLogisticRegression(), X, y, **wrong)


@pytest.mark.parametrize(
    "display",
    [
        LossCurveDisplay({"a": [1.0, 0.5]}),
        LossSurfaceDisplay(*np.ones((3, 2, 2)), path=np.ones((2, 2))),
    ],
    ids=lambda display: type(display).__name__,
)
def test_without_matplotlib_says_what_to_install(display, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.delitem(sys.modules, "matplotlib.pyplot")
    with pytest.raises(ImportError, match=f"{type(display).__name__} needs .*pip install matplot"):
        display.plot()


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_looks_may_be_given_by_any_of_their_names():
    clf, look = GDLogisticRegression(max_iter=3), {"c": "k"}
    limits = np.array([[-1, 1], [0, 2.0]])
    surface = LossSurfaceDisplay.from_estimator(clf, X, y, limits=limits, line_kwargs=look)
    assert surface.path_.get_color() == "k" and surface.xx0.min() == -1
    surface.plot(contour_kwargs={"colors": "red"})
    clf.fit(X, y, X_val=X, y_val=y)
    curves = LossCurveDisplay.from_estimator(clf, line_kwargs=look)
    drawn = [*curves.lines_.values(), *curves.validation_lines_.values()]
    assert [line.get_color() for line in drawn] == ["k", "k"]
