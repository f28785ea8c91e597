"""Watching a descent: scikit-learn's callbacks (1.9 and newer) and verbose."""

import re

import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.datasets import load_iris, make_classification
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.fixes import parse_version

from sklearn_lhy import GDLogisticRegression, SoftmaxGD, StackedLogisticMLP

HAS_CALLBACKS = parse_version(sklearn.__version__) >= parse_version("1.9")
needs_callbacks = pytest.mark.skipif(not HAS_CALLBACKS, reason="scikit-learn has no callbacks")
DESCENDING = [
    GDLogisticRegression(tol=1e-12),
    GDLogisticRegression(solver="adam", max_iter=30),
    SoftmaxGD(tol=1e-12),
    SoftmaxGD(solver="gd", max_iter=30),
    StackedLogisticMLP((4,), alpha=0.1, random_state=0),
    StackedLogisticMLP((4,), solver="momentum", batch_size=32, max_iter=30, random_state=0),
]
every = pytest.mark.parametrize("clf", DESCENDING, ids=str)
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def data(clf):
    X, y = load_iris(return_X_y=True)
    return (X[50:], y[50:]) if isinstance(clf, GDLogisticRegression) else (X, y)


class Recorder:
    """A callback that notes what it is told, and stops after some iterations."""

    def __init__(self, stop_after=None):
        self.stop_after, self.begun, self.ended, self.models = stop_after, [], [], []
        self.set_up = self.torn_down = 0

    def setup(self, estimator, context):
        self.set_up += 1

    def teardown(self, estimator, context):
        self.torn_down += 1

    def on_fit_task_begin(self, estimator, context):
        self.begun.append(context.task_name)

    def on_fit_task_end(self, estimator, context, *, X=None, y=None, fitted_estimator=None):
        self.ended.append(context.task_name)
        if context.task_name == "iteration":
            self.models.append(fitted_estimator.predict_proba(X))
        return self.stop_after is not None and len(self.models) >= self.stop_after


@needs_callbacks
@every
def test_every_iteration_begins_and_ends(clf):
    X, y = data(clf)
    watch = Recorder()
    clf = clone(clf).set_callbacks(watch).fit(X, y)
    assert watch.begun == ["fit"] + clf.n_iter_ * ["iteration"]
    assert watch.ended == clf.n_iter_ * ["iteration"] + ["fit"]
    assert watch.set_up == watch.torn_down == 1
    np.testing.assert_array_equal(watch.models[-1], clf.predict_proba(X))
    assert np.abs(watch.models[0] - watch.models[-1]).max() > 1e-6


@needs_callbacks
@every
def test_a_callback_can_stop_the_descent(clf):
    X, y = data(clf)
    stopped = clone(clf).set_callbacks(Recorder(stop_after=2)).fit(X, y)
    assert stopped.stop_reason_ == "callback"
    assert not stopped.converged_
    assert stopped.n_iter_ == len(stopped.loss_curve_) == 2
    cut = clone(clf).set_params(max_iter=2).fit(X, y)
    np.testing.assert_array_equal(stopped.predict_proba(X), cut.predict_proba(X))


@needs_callbacks
@every
def test_a_stopped_descent_goes_on(clf):
    X, y = data(clf)
    parts = clone(clf).set_params(warm_start=True).set_callbacks(Recorder(stop_after=2)).fit(X, y)
    parts.set_callbacks().set_params(max_iter=3).fit(X, y)
    whole = clone(clf).set_params(max_iter=5).fit(X, y)
    np.testing.assert_array_equal(parts.predict_proba(X), whole.predict_proba(X))


@needs_callbacks
@every
def test_a_refit_is_watched_as_the_first_fit_was(clf):
    """Old weights of another shape must not get in the way."""
    X, y = data(clf)
    watch = Recorder()
    clf = clone(clf).fit(X[:, :2], y).set_callbacks(watch).fit(X, y)
    np.testing.assert_array_equal(watch.models[-1], clf.predict_proba(X))


@needs_callbacks
@every
def test_scores_are_monitored_through_search_and_pipeline(clf):
    from sklearn.callback import ScoringMonitor

    X, y = data(clf)
    monitor = ScoringMonitor(scoring="neg_log_loss")
    pipe = make_pipeline(StandardScaler(), clone(clf).set_callbacks(monitor))
    search = GridSearchCV(pipe, {f"{pipe.steps[-1][0]}__max_iter": [3, 4]}, cv=3).fit(X, y)
    log = [row for row in monitor.get_logs().data if row["task_name"] == "iteration"]
    assert len({row["task_id_path"][:-1] for row in log}) == 7  # 2 candidates in 3 folds, a refit
    last = [row for row in log if row["task_id_path"][:2] == (0, 1)][-1]
    P = search.best_estimator_.predict_proba(X)
    loss = -np.log(P[np.arange(len(y)), np.searchsorted(search.classes_, y)]).mean()
    assert last["neg_log_loss"] == pytest.approx(-loss, rel=1e-6)


@needs_callbacks
def test_progress_bar_shows_every_level(capsys):
    from sklearn.callback import ProgressBar

    X, y = data(None)
    pipe = make_pipeline(StandardScaler(), SoftmaxGD(max_iter=4))
    search = GridSearchCV(pipe, {"softmaxgd__C": [0.1, 1]}, cv=2)
    search.set_callbacks(ProgressBar(max_propagation_depth=None)).fit(X, y)
    out = capsys.readouterr().out
    for name in ("GridSearchCV", "Pipeline", "SoftmaxGD"):
        assert name in out
    assert "100%" in out


@needs_callbacks
def test_a_failing_callback_leaves_the_old_model():
    class Failing(Recorder):
        def on_fit_task_end(self, estimator, context):
            raise KeyboardInterrupt

    X, y = data(None)
    clf = SoftmaxGD().fit(X, y)
    before, watch = clf.predict_proba(X), Failing()
    with pytest.raises(KeyboardInterrupt):
        clf.set_callbacks(watch).fit(-X, y)
    assert watch.torn_down == 1
    np.testing.assert_array_equal(clf.predict_proba(X), before)


@pytest.mark.skipif(HAS_CALLBACKS, reason="scikit-learn has callbacks")
@every
def test_older_versions_do_without(clf):
    X, y = data(clf)
    assert not hasattr(clone(clf).fit(X, y), "set_callbacks")


@every
def test_verbose_prints_what_the_mlp_prints(clf, capsys):
    """One line for each iteration: `Iteration 1, loss = 0.69314718`."""
    X, y = make_classification(90, 4, random_state=0)
    clf = clone(clf).set_params(verbose=True, max_iter=3).fit(X, y)
    ours = capsys.readouterr().out.splitlines()
    MLPClassifier((4,), verbose=True, max_iter=3, random_state=0).fit(X, y)
    theirs = [line for line in capsys.readouterr().out.splitlines() if line.startswith("Iter")]
    assert len(ours) == len(clf.loss_curve_) == 3

    def form(lines):
        return [re.sub(r"= \d+\.\d{8}$", "= x", line) for line in lines]

    assert form(ours) == form(theirs)
    assert [float(line.split(" = ")[1]) for line in ours] == pytest.approx(
        clf.loss_curve_, abs=1e-8
    )


def test_verbose_shows_the_validation_loss(capsys):
    X, y = make_classification(90, 4, random_state=0)
    clf = SoftmaxGD(verbose=1, max_iter=3, early_stopping=True, random_state=0).fit(X, y)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == f"Validation loss: {clf.validation_loss_curve_[0]:.8f}"
    assert len(lines) == 6
