"""Saved models hold plain things and a version, are checked on loading, and need no trust."""

import copy
import pickle
import warnings

import joblib
import numpy as np
import pytest
import skops.io
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import sklearn_lhy
from sklearn_lhy import (
    GaussianGenerativeClassifier,
    GDLogisticRegression,
    SoftmaxGD,
    StackedLogisticMLP,
    _posterior,
)

CLASSIFIERS = [
    *map(GaussianGenerativeClassifier, ("tied", "full", "diag", "tied_diag", "spherical")),
    GaussianGenerativeClassifier("full", shrinkage="auto"),
    GDLogisticRegression(),
    GDLogisticRegression(
        solver="gd", early_stopping=True, warm_start=True, max_iter=20, random_state=0
    ),
    SoftmaxGD(warm_start=True, max_iter=3),
    SoftmaxGD(solver="adam", batch_size=32, warm_start=True, max_iter=3),
    StackedLogisticMLP((4,), random_state=0),
    StackedLogisticMLP((4, 3), alpha=0.1, warm_start=True, max_iter=3, random_state=0),
    StackedLogisticMLP((4,), solver="momentum", warm_start=True, max_iter=3, random_state=0),
    StackedLogisticMLP((), warm_start=True),
]
X, y = load_iris(return_X_y=True)


def fitted(clf):
    rows = slice(50, None) if isinstance(clf, GDLogisticRegression) else slice(None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it was cut off
        return clone(clf).fit(X[rows], y[rows])


@pytest.fixture(params=CLASSIFIERS, ids=str)
def model(request):
    return fitted(request.param)


def is_plain(value):
    """Arrays of numbers or labels, numbers, strings, lists and dicts of these."""
    if isinstance(value, dict):
        return all(isinstance(k, str) and is_plain(v) for k, v in value.items())
    if type(value) is list:
        return all(map(is_plain, value))
    if type(value) is np.ndarray:
        return value.dtype.kind in "biufUS"
    return value is None or isinstance(value, bool | int | float | str)


def test_attributes_are_plain(model):
    parameters = model.get_params()
    for name, value in vars(model).items():
        assert name in parameters or is_plain(value), name


def test_attributes_stay_plain_in_a_stream():
    for clf in (GDLogisticRegression(), SoftmaxGD(solver="adam"), GaussianGenerativeClassifier()):
        for rows in (slice(0, 100, 2), slice(1, 100, 2)):
            clf.partial_fit(X[rows], y[rows], classes=[0, 1])
        assert all(map(is_plain, vars(clf).values()))
        assert is_plain(vars(GaussianGenerativeClassifier().fit(X, y).to_logistic()))


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))]
)
def test_copies_predict_alike(model, copied):
    np.testing.assert_array_equal(copied(model).predict_proba(X), model.predict_proba(X))
    assert vars(copied(model)).keys() == vars(model).keys()


def test_joblib_maps_arrays_from_disk(model, tmp_path):
    joblib.dump(model, tmp_path / "model.joblib")
    loaded = joblib.load(tmp_path / "model.joblib", mmap_mode="r")
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))


def test_skops_needs_nothing_but_the_class_trusted(model):
    saved = skops.io.dumps(make_pipeline(FunctionTransformer(), model))
    name = f"{type(model).__module__}.{type(model).__name__}"
    assert skops.io.get_untrusted_types(data=saved) == [name]
    loaded = skops.io.loads(saved, trusted=[name])[-1]
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))
    rows = np.isin(y, model.classes_)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it was cut off
        for clf in (loaded, model):  # to the last bit, where warm_start is set
            clf.fit(X[rows], y[rows])
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))


def test_another_version_warns(model, monkeypatch):
    saved = pickle.dumps(model)
    pickle.loads(saved)  # in silence
    monkeypatch.setattr(_posterior, "__version__", "99.0")
    version = sklearn_lhy.__version__
    with pytest.warns(InconsistentVersionWarning, match=f"from version {version} of sklearn_lhy"):
        loaded = pickle.loads(saved)
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))


def test_models_saved_without_a_version_warn():
    model, state = fitted(SoftmaxGD()), fitted(SoftmaxGD()).__getstate__()
    del state["_sklearn_lhy_version"]
    with pytest.warns(InconsistentVersionWarning, match="unknown"):
        model.__setstate__(state)


def damages(model):
    """Ways to spoil a state."""
    yield lambda state: state.pop("n_features_in_")
    yield lambda state: state.pop(next(iter(model.get_params())))
    yield lambda state: state.update(n_features_in_=3)
    yield lambda state: state.update(classes_=state["classes_"][:1])
    arrays = [n for n in ("coef_", "intercept_", "coefs_", "intercepts_") if n in vars(model)]
    if isinstance(model, GaussianGenerativeClassifier):
        arrays = ["_gathered", "_model", "means_", "class_count_"]
    for name in arrays:
        yield lambda state, name=name: state.pop(name)
        yield lambda state, name=name: state.update({name: "text"})
        if isinstance(vars(model)[name], np.ndarray):
            yield lambda state, name=name: state.update({name: state[name][..., :-1]})


def test_damaged_states_are_refused(model):
    for damage in damages(model):
        state = model.__getstate__()
        damage(state)
        with pytest.raises(
            ValueError, match=f"saved state of {type(model).__name__}.*Fit and save"
        ):
            clone(model).__setstate__(state)


def test_weights_that_are_no_numbers_are_refused():
    for clf, name in ((SoftmaxGD(), "coef_"), (StackedLogisticMLP((), random_state=0), "coefs_")):
        state = fitted(clf).__getstate__()
        state[name] = [np.full_like(W, np.nan) for W in state[name]]
        state[name] = np.array(state[name]) if name == "coef_" else state[name]
        with pytest.raises(ValueError, match="not finite"):
            clf.__setstate__(state)
    state = fitted(GaussianGenerativeClassifier()).__getstate__()
    state["_gathered"] = {**state["_gathered"], "second": np.full((1, 4, 4), np.inf)}
    with pytest.raises(ValueError, match="not finite"):
        GaussianGenerativeClassifier().__setstate__(state)


@pytest.mark.parametrize("clf", CLASSIFIERS, ids=str)
def test_classifiers_that_are_not_fitted_can_be_saved(clf):
    assert pickle.loads(pickle.dumps(clf)).get_params() == clf.get_params()
