"""Slides of the lecture that no other test file holds: the id of a slide is in the docstring."""

import numpy as np
import pytest
from scipy.special import expit, logit
from scipy.stats import bernoulli
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.metrics import log_loss

from sklearn_lhy import GaussianGenerativeClassifier, GDLogisticRegression, SoftmaxGD
from sklearn_lhy._loss import BINARY_CROSS_ENTROPY


def test_far_points_drag_the_line_of_a_regression():
    """[C6-C7]: targets 1 and -1; points that are far on the right side move the boundary."""
    near = np.linspace(0.6, 1.4, 5)
    x = np.concatenate([-near, near, np.full(5, 30.0)])
    y = np.repeat([-1, 1, 1], 5)
    regression_errors, errors = [], []
    for n in (10, 15):  # without and with the far points
        A = np.column_stack([x[:n], np.ones(n)])
        line = np.linalg.lstsq(A, y[:n], rcond=None)[0]
        regression_errors.append(np.count_nonzero(np.sign(A @ line) != y[:n]))
        clf = GDLogisticRegression().fit(x[:n, None], y[:n])
        errors.append(np.count_nonzero(clf.predict(x[:n, None]) != y[:n]))
        assert -clf.intercept_[0] / clf.coef_[0, 0] == pytest.approx(0, abs=1e-6)
    assert regression_errors == [0, 2]
    assert errors == [0, 0]


def test_the_neuron():
    """[L3]: z = w.x + b and f = sigma(z), the posterior of the lecture's C1."""
    X, y = load_breast_cancer(return_X_y=True)
    clf = GDLogisticRegression().fit(X, y)
    z = X @ clf.coef_[0] + clf.intercept_[0]
    np.testing.assert_allclose(clf.decision_function(X), z, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(clf.predict_proba(X)[:, 1], expit(z), rtol=1e-7, atol=1e-12)


def test_cross_entropy_is_minus_the_log_likelihood():
    """[L5-L7]: L = f(x1) f(x2) (1 - f(x3)) f(x4) for targets 1, 1, 0, 1."""
    z, y = np.array([0.3, -1.2, 2.0, 4.0]), np.array([1, 1, 0, 1])
    f = expit(z)
    likelihood = f[0] * f[1] * (1 - f[2]) * f[3]
    losses = BINARY_CROSS_ENTROPY.value(z[:, None], y[:, None])
    assert losses.sum() == pytest.approx(-np.log(likelihood), rel=1e-14)


@pytest.mark.parametrize("p", [0.02, 0.3, 0.5])
def test_cross_entropy_of_two_bernoulli_distributions(p):
    """[L7]: H(p, q) = -sum_x p(x) ln q(x) is least where q = p, and is there the entropy of p."""
    z = np.array([-6, -1, logit(p), 2, 9])
    H = BINARY_CROSS_ENTROPY.value(z, p)
    expected = [-bernoulli(q).logpmf([0, 1]) @ [1 - p, p] for q in expit(z)]
    np.testing.assert_allclose(H, expected, rtol=1e-10)
    assert H.argmin() == 2
    assert H[2] == pytest.approx(bernoulli(p).entropy(), rel=1e-12)


def test_cross_entropy_of_one_hot_targets():
    """[L23]: -sum_k y_k ln f_k, of which only the target's term is left."""
    X, y = load_wine(return_X_y=True)
    C = 10.0
    clf = SoftmaxGD(C).fit(X, y)
    L = clf.predict_log_proba(X)
    loss = -L[np.arange(len(y)), y].mean()
    assert loss == pytest.approx(log_loss(y, clf.predict_proba(X)), rel=1e-9)
    penalty = (clf.coef_**2).sum() / (2 * C * len(y))
    assert clf.loss_curve_[-1] == pytest.approx(loss + penalty, rel=1e-9)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # separable draws
def test_the_generative_model_wins_on_few_rows_from_gaussians():
    """[L21]: its assumption is worth something where it is true, and nothing on many rows."""
    gain = {}
    for n, draws in ((20, 40), (2000, 4)):
        gain[n] = np.mean([_gain_in_accuracy(n, seed) for seed in range(draws)])
    assert gain[20] > 0.02
    assert abs(gain[2000]) < 0.003


def _gain_in_accuracy(n, seed):
    """Of the shared Gaussians over logistic regression without penalty, on n rows."""
    rng = np.random.default_rng(seed)
    y = np.arange(n + 4000) % 2
    X = rng.normal(size=(len(y), 5)) + 0.6 * (2 * y - 1)[:, None]
    models = GaussianGenerativeClassifier(), GDLogisticRegression(C=np.inf)
    generative, discriminative = (m.fit(X[:n], y[:n]).score(X[n:], y[n:]) for m in models)
    return generative - discriminative
