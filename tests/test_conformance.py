"""scikit-learn's contract: its own checks over many configurations, and those it does not yield."""

import inspect
import pickle

import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import load_iris, make_classification, make_multilabel_classification
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import estimator_checks, get_tags
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_lhy import (
    GaussianGenerativeClassifier,
    GDLogisticRegression,
    SoftmaxGD,
    StackedLogisticMLP,
    _posterior,
)

CLASSES = [GaussianGenerativeClassifier, GDLogisticRegression, SoftmaxGD, StackedLogisticMLP]

GAUSSIANS = [
    GaussianGenerativeClassifier(covariance_type=kind)
    for kind in ("tied", "full", "diag", "tied_diag", "spherical")
] + [
    GaussianGenerativeClassifier(shrinkage="auto"),
    GaussianGenerativeClassifier("full", shrinkage=0.3),
]
DESCENTS = [
    GDLogisticRegression(),
    GDLogisticRegression(loss="squared_error"),
    GDLogisticRegression(solver="gd"),
    GDLogisticRegression(solver="momentum", class_weight="balanced"),
    GDLogisticRegression(C=10),
    SoftmaxGD(),
    SoftmaxGD(class_weight="balanced"),
    SoftmaxGD(solver="adagrad"),
    # rmsprop goes on at full length around the optimum, where it makes rounding grow: cut it off
    SoftmaxGD(solver="rmsprop", max_iter=100),
    SoftmaxGD(solver="adam"),
    StackedLogisticMLP(()),
    StackedLogisticMLP((4,), solver="adam", max_iter=50),
]
RANDOM_ROWS = [  # rows are drawn at random, so that two equal samples are not one of weight two
    SoftmaxGD(early_stopping=True),
    SoftmaxGD(solver="adam", batch_size=16),
    StackedLogisticMLP((4,)),  # a start screened on rows, alpha chosen on rows left out
    StackedLogisticMLP((8, 4), alpha=1.0),
    StackedLogisticMLP((4,), early_stopping=True),
    StackedLogisticMLP((4,), solver="momentum", batch_size=16),
]


def expected_failures(clf):
    if clf not in RANDOM_ROWS:
        return {}
    reason = "rows are drawn at random, so weights are not repetitions"
    return {
        "check_sample_weight_equivalence_on_dense_data": reason,
        "check_sample_weight_equivalence_on_sparse_data": reason,
    }


# The checks fit with few iterations on purpose.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@parametrize_with_checks(
    GAUSSIANS + DESCENTS + RANDOM_ROWS, expected_failed_checks=expected_failures
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


NOT_YIELDED = [
    "check_dataframe_column_names_consistency",
    "check_estimators_data_not_an_array",
    "check_get_feature_names_out_error",
    "check_global_output_transform_pandas",
    "check_global_set_output_transform_polars",
    "check_param_validation",
    "check_set_output_transform",
    "check_set_output_transform_pandas",
    "check_set_output_transform_polars",
    "check_transformer_get_feature_names_out",
    "check_transformer_get_feature_names_out_pandas",
    "check_inplace_ensure_writeable",
]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore:X (has|does not have valid) feature names:UserWarning")
@pytest.mark.parametrize("name", NOT_YIELDED)
@pytest.mark.parametrize("Classifier", CLASSES)
def test_checks_that_are_not_yielded(Classifier, name):
    clf = Classifier()
    check = getattr(estimator_checks, name)
    if ("transform" in name or "names_out" in name) and not hasattr(clf, "transform"):
        assert not hasattr(clf, "get_feature_names_out")
        return
    arguments = [Classifier.__name__, clf]
    if name == "check_estimators_data_not_an_array":
        X, y = make_classification(60, 5, random_state=0)
        arguments += [X, y, "NotAnArray"]
    check(*arguments)


@pytest.mark.parametrize("Classifier", CLASSES)
def test_balanced_weights_help_the_rare_class(Classifier):
    if "class_weight" not in inspect.signature(Classifier).parameters:
        assert "priors" in inspect.signature(Classifier).parameters
        return
    weights = [0.8, 0.2]
    X, y = make_classification(200, 10, n_informative=2, weights=weights, random_state=0)
    X = StandardScaler().fit_transform(X)
    arguments = (X[:100], y[:100], X[100:], y[100:], weights)
    estimator_checks.check_class_weight_balanced_classifiers(
        Classifier.__name__, Classifier(), *arguments
    )


@pytest.mark.parametrize("Classifier", CLASSES)
def test_metadata_is_routed(Classifier):
    X, y = make_classification(90, 4, random_state=0)
    weight = np.random.default_rng(0).uniform(0.1, 5, 90)
    with config_context(enable_metadata_routing=True):
        clf = Classifier().set_fit_request(sample_weight=True)
        if "random_state" in clf.get_params():
            clf.set_params(random_state=0)
        pipe = Pipeline(
            [("scale", StandardScaler().set_fit_request(sample_weight=True)), ("c", clf)]
        )
        pipe.fit(X, y, sample_weight=weight)
        scaled = pipe[0].transform(X)
        alone = clone(clf).fit(scaled, y, weight)
        np.testing.assert_allclose(pipe.predict_proba(X), alone.predict_proba(scaled), atol=1e-9)
        # a Pipeline's own score takes no weights in scikit-learn 1.7, for LogisticRegression either
        scoring = make_scorer(accuracy_score).set_score_request(sample_weight=True)
        search = GridSearchCV(pipe, {"scale__with_mean": [True, False]}, cv=3, scoring=scoring)
        search.fit(X, y, sample_weight=weight)
        assert search.best_score_ > 0.7
        params = {"sample_weight": weight}
        result = cross_validate(pipe, X, y, params=params, scoring=scoring, error_score="raise")
        assert len(result["test_score"]) == 5


@pytest.mark.parametrize("Classifier", [GDLogisticRegression, SoftmaxGD, StackedLogisticMLP])
def test_validation_data_are_routed(Classifier):
    X, y = make_classification(90, 4, random_state=0)
    with config_context(enable_metadata_routing=True):
        clf = Classifier().set_fit_request(X_val=True, y_val=True)
        pipe = make_pipeline(clf).fit(X[:60], y[:60], X_val=X[60:], y_val=y[60:])
    assert len(pipe[-1].validation_loss_curve_) == pipe[-1].n_iter_


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("clf", GAUSSIANS + DESCENTS[:1] + DESCENTS[5:6] + DESCENTS[10:12])
def test_pickles_and_clones_predict_alike(clf):
    X, y = load_iris(return_X_y=True)
    X, y = X[50:], y[50:]
    fitted = clone(clf).fit(X, y)
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.predict_proba(X), fitted.predict_proba(X))
    assert not hasattr(clone(fitted), "classes_")


@pytest.mark.parametrize("Classifier", CLASSES)
def test_every_parameter_can_be_searched(Classifier):
    params = Classifier().get_params()
    assert set(params) == set(inspect.signature(Classifier).parameters)
    clf = Classifier().set_params(**params)
    assert clf.get_params() == params
    documented = Classifier.__doc__
    for name in params:
        assert f"    {name} : " in documented, f"{name} is not documented"


@pytest.mark.parametrize("Classifier", CLASSES)
def test_fitted_attributes_are_documented(Classifier):
    X, y = load_iris(return_X_y=True)
    clf = Classifier().fit(X[50:], y[50:])
    for name in vars(clf):
        if name.endswith("_") and not name.startswith("_"):
            assert f"    {name} : " in Classifier.__doc__, f"{name} is not documented"


def test_multilabel_targets():
    X, Y = make_multilabel_classification(80, 6, n_classes=3, random_state=0)
    clf = StackedLogisticMLP((4,), random_state=0).fit(X, Y)
    assert get_tags(clf).classifier_tags.multi_label
    P = clf.predict_proba(X)
    assert P.shape == (80, 3)
    np.testing.assert_array_equal(clf.predict(X), (P > 0.5).astype(int))
    np.testing.assert_allclose(np.exp(clf.predict_log_proba(X)), P)


@pytest.mark.parametrize("clf", [*GAUSSIANS, *(Class() for Class in CLASSES[1:])], ids=str)
def test_a_fitted_model_can_be_looked_at(clf):
    X, y = make_classification(60, random_state=0)
    clf.fit(X, y)
    assert "classes_" in dir(clf)
    assert dict(inspect.getmembers(clf))["n_features_in_"] == 20
    assert type(clf).__name__ in make_pipeline(clf)._repr_html_()


@pytest.mark.parametrize("labels", [np.int64, np.uint8, bool, str])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("Classifier", CLASSES)
def test_arrays_that_are_spared_the_checks_are_those_they_would_give(
    Classifier, dtype, labels, monkeypatch
):
    X, y = make_classification(60, 5, random_state=0)
    X, y = np.asfortranarray(X, dtype), y.astype(labels)
    clf = Classifier()
    if "random_state" in clf.get_params():
        clf.set_params(random_state=0)
    spared = clone(clf).fit(X, y)
    found = spared.predict_proba(X)
    assert _posterior.pass_as_they_are(X, y)
    monkeypatch.setattr(_posterior, "pass_as_they_are", lambda *arrays: False)
    checked = clone(clf).fit(X, y)
    np.testing.assert_array_equal(found, checked.predict_proba(X))
    assert vars(spared).keys() == vars(checked).keys()
    for name in ("classes_", "n_features_in_", "n_iter_"):
        np.testing.assert_array_equal(getattr(spared, name, 0), getattr(checked, name, 0))


@pytest.mark.parametrize("Classifier", CLASSES)
def test_plain_arrays_are_checked_where_they_may_be_wrong(Classifier):
    pandas = pytest.importorskip("pandas")
    X, y = make_classification(60, 5, random_state=0)
    clf = Classifier().fit(pandas.DataFrame(X, columns=list("abcde")), y)
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        clf.predict(X)
    clf.fit(X, y)
    assert not hasattr(clf, "feature_names_in_")
    for wrong, message in [
        (X[:, :4], "X has 4 features"),
        (np.where(np.eye(60, 5) > 0, np.nan, X), "NaN"),
        (np.where(np.eye(60, 5) > 0, np.inf, X), "infinity"),
        (X[0], "Expected 2D array"),
        (X[:0], "0 sample"),
    ]:
        with pytest.raises(ValueError, match=message):
            clf.predict(wrong)
    for bad_y in (y[:-1], np.where(y, 1.0, np.nan), None):
        with pytest.raises(ValueError, match=r"inconsistent|NaN|requires y"):
            clf.fit(X, bad_y)


@pytest.mark.parametrize("Classifier", CLASSES)
def test_parameters_are_those_of_the_signature(Classifier):
    class Narrow(Classifier):
        def __init__(self, extra=1):
            super().__init__()
            self.extra = extra

    assert list(Narrow().get_params()) == ["extra"]
    assert list(Classifier().get_params()) == sorted(inspect.signature(Classifier).parameters)
