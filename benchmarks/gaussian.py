"""GaussianGenerativeClassifier beside scikit-learn: time of fit and predict_proba, and accuracy.

    OPENBLAS_NUM_THREADS=1 python benchmarks/gaussian.py [--quick] [--data DIR]

Every figure is a ratio of medians of processor time, the estimators taking turns in one process.
--data names a directory with `pokemon.csv` (the columns of the well-known Kaggle file) and
`ntu_hw2_2017/adult106.npz` (X_train, y_train, X_test, y_test): the lecture's own data.
"""

import argparse
import csv
import os
import platform
import time
import warnings
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy is imported
os.environ.setdefault("MKL_NUM_THREADS", "1")

import numpy as np
import sklearn
from sklearn.discriminant_analysis import (
    LinearDiscriminantAnalysis,
    QuadraticDiscriminantAnalysis,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.utils.validation import check_array

from sklearn_lhy.gaussian import GaussianGenerativeClassifier

SIZES = [
    (150, 4, 3),
    (569, 30, 2),
    (10_000, 50, 5),
    (100_000, 50, 2),
    (1_000_000, 20, 2),
    (200_000, 100, 2),
    (20_000, 784, 10),
]
SIX = ["HP", "Attack", "Defense", "Sp. Atk", "Sp. Def", "Speed"]


def rivals(kind):
    """Estimators of scikit-learn that fit the same model, by name."""
    if kind == "tied":
        return {s: LinearDiscriminantAnalysis(solver=s) for s in ("svd", "lsqr", "eigen")}
    if kind == "full":
        solvers = ["svd"]
        if "solver" in QuadraticDiscriminantAnalysis().get_params():
            solvers.append("eigen")
        return {
            s: QuadraticDiscriminantAnalysis(**({"solver": s} if len(solvers) > 1 else {}))
            for s in solvers
        }
    return {"GaussianNB": GaussianNB()}


def data(n, d, K, seed=0):
    """K overlapping Gaussian classes with correlated features, off the origin."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, K, n)
    X = rng.normal(size=(n, d))
    X[:, 1:] += 0.5 * X[:, :-1]
    X += 0.5 * rng.normal(size=(K, d))[y] + 3 * rng.normal(size=d)
    return X, y


def medians(calls, budget):
    """Median processor time of each call, taking turns until the budget (in seconds) is spent."""
    times = {name: [] for name in calls}
    start = time.perf_counter()
    while True:
        for name, call in calls.items():
            begin = time.process_time()
            call()
            times[name].append(time.process_time() - begin)
        rounds = len(times[name])
        if rounds >= 5 and (time.perf_counter() - start > budget or rounds >= 101):
            return {name: np.median(values[1:]) for name, values in times.items()}


def report(title, ratios, floor):
    mean = np.exp(np.mean(np.log(ratios)))
    print(f"{title}: geometric mean {mean:.2f} (to reach: {floor}), worst {min(ratios):.2f}\n")


def compare_fit(sizes, budget):
    for kind, floor in [("tied", 5), ("full", 2.5), ("diag", 2)]:
        ratios = []
        print(f"fit, {kind}: milliseconds, and how many times faster than the fastest rival")
        for n, d, K in sizes:
            X, y = data(n, d, K)
            model = GaussianGenerativeClassifier(kind)
            calls = {"ours": lambda m=model, X=X, y=y: m.fit(X, y)}
            for name, rival in rivals(kind).items():
                try:
                    rival.fit(X[: 40 * d * K], y[: 40 * d * K])
                except (ValueError, np.linalg.LinAlgError) as error:
                    print(f"  {n:>8} x {d:<4} {name} refuses: {error}")
                    continue
                calls[name] = lambda m=rival, X=X, y=y: m.fit(X, y)
            times = medians(calls, budget)
            ours = times.pop("ours")
            ratios.append(min(times.values()) / ours)
            rest = "  ".join(f"{name} {1e3 * t:.2f}" for name, t in times.items())
            print(f"  {n:>8} x {d:<4} K={K:<3} ours {1e3 * ours:8.2f}  {rest}  {ratios[-1]:5.2f}")
        report(f"fit, {kind}", ratios, floor)


def compare_product(sizes, budget):
    print("fit, tied: times the bare product X.T @ X")
    limits = {(100_000, 50): 1.5, (200_000, 100): 1.5, (1_000_000, 20): 2}
    for n, d, K in sizes:
        if (n, d) in limits:
            for title, shift in [("as they are", 0), ("centred", None), ("far from 0", 1000)]:
                X, y = data(n, d, K)
                X = X - X.mean(axis=0) if shift is None else X + shift
                model = GaussianGenerativeClassifier()
                calls = {
                    "ours": lambda m=model, X=X, y=y: m.fit(X, y),
                    "product": lambda X=X: X.T @ X,
                    "check": lambda X=X: check_array(X),
                }
                times = medians(calls, budget)
                ratio = times["ours"] / times["product"]
                print(
                    f"  {n:>8} x {d:<4} rows {title:<12} {ratio:.2f} (limit {limits[n, d]});"
                    f" scikit-learn's check of X alone {times['check'] / times['product']:.2f}"
                )
    print()


def compare_predict(sizes, budget):
    every = []
    for kind in ("tied", "full", "diag"):
        ratios = []
        print(f"predict_proba, {kind}: milliseconds, and how many times faster")
        for n, d, K in sizes:
            X, y = data(n, d, K)
            part = slice(0, 60 * d * K)
            calls = {"ours": GaussianGenerativeClassifier(kind).fit(X[part], y[part])}
            calls |= {name: m.fit(X[part], y[part]) for name, m in list(rivals(kind).items())[:1]}
            times = medians(
                {name: (lambda m=m, X=X: m.predict_proba(X)) for name, m in calls.items()}, budget
            )
            ours, theirs = times.values()
            ratios.append(theirs / ours)
            print(
                f"  {n:>8} x {d:<4} K={K:<3} ours {1e3 * ours:8.2f}  theirs {1e3 * theirs:8.2f}"
                f"  {ratios[-1]:5.2f}"
            )
        report(f"predict_proba, {kind}", ratios, 2)
        every += ratios
    report("predict_proba, all", every, 2)


def largest_change(P, Q):
    return f"{np.abs(P - Q).max():.0e}"


def invariances():
    print(
        "largest change of a posterior: ours, and scikit-learn's (LDA svd / lsqr, QDA, GaussianNB)"
    )
    X, y = data(2000, 20, 3)
    rng = np.random.default_rng(1)
    U, V = (np.linalg.qr(rng.normal(size=(20, 20)))[0] for _ in range(2))
    changes = {
        "affine, condition 1e6": X @ (U * np.geomspace(1, 1e6, 20)) @ V,
        "units 1e-12 to 1e12": X * 10.0 ** rng.uniform(-12, 12, 20),
        "offset 1e8": X + 1e8,
        "X * 0.01": X * 0.01,
        "sum and constant added": np.c_[X, X.sum(axis=1), np.ones(len(X))],
    }
    models = {
        "tied": GaussianGenerativeClassifier(),
        "full": GaussianGenerativeClassifier("full"),
        "svd": LinearDiscriminantAnalysis(),
        "lsqr": LinearDiscriminantAnalysis(solver="lsqr"),
        "QDA": QuadraticDiscriminantAnalysis(),
        "NB": GaussianNB(),
    }
    before = {name: m.fit(X, y).predict_proba(X) for name, m in models.items()}
    for title, Z in changes.items():
        cells = []
        for name, model in models.items():
            try:
                change = largest_change(model.fit(Z, y).predict_proba(Z), before[name])
            except (ValueError, np.linalg.LinAlgError):
                change = "refuses"
            cells.append(f"{name} {change}")
        print(f"  {title:<24} " + "  ".join(cells))
    for kind in ("tied", "full", "diag", "tied_diag", "spherical"):
        whole = GaussianGenerativeClassifier(kind).fit(X, y).predict_proba(X)
        stream = GaussianGenerativeClassifier(kind)
        for part in np.array_split(rng.permutation(len(X)), 9):
            stream.partial_fit(X[part], y[part])
        change = largest_change(stream.predict_proba(X), whole)
        print(f"  partial_fit in nine parts, {kind:<10} {change}")
    print()


def homework(path):
    with np.load(path / "ntu_hw2_2017" / "adult106.npz") as file:
        A, B = file["X_train"].astype(float), file["X_test"].astype(float)
        y, z = file["y_train"], file["y_test"]
    low, span = A.min(axis=0), np.ptp(A, axis=0)
    sd = A.std(axis=0)
    scalings = {
        "raw": lambda X: X,
        "min-max": lambda X: (X - low) / np.where(span > 0, span, 1),
        "z-scored": lambda X: (X - A.mean(axis=0)) / np.where(sd > 0, sd, 1),
    }
    for name, scale in scalings.items():
        model = GaussianGenerativeClassifier().fit(scale(A), y)
        print(
            f"homework 2, {name:<9} test accuracy {model.score(scale(B), z):.4f} (to reach: .8437)"
        )
    print()


def pokemon(path):
    with open(path / "pokemon.csv", newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["Type 1"] in ("Water", "Normal")]
    train = np.array([int(row["#"]) < 400 for row in rows])
    y = np.array([row["Type 1"] for row in rows])
    print("Pokemon, Water against Normal: test accuracy with 2, 6 and 7 features")
    for title, kind, priors in [
        ("separate covariances", "full", None),
        ("shared, with ln(N1/N2)", "tied", None),
        ("shared, equal priors", "tied", [0.5, 0.5]),
    ]:
        cells = []
        for names in (["Defense", "Sp. Def"], SIX, [*SIX, "Total"]):
            X = np.array([[float(row[name]) for name in names] for row in rows])
            model = GaussianGenerativeClassifier(kind, priors=priors).fit(X[train], y[train])
            cells.append(f"{100 * model.score(X[~train], y[~train]):.1f} %")
        print(f"  {title:<24} " + "  ".join(cells))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small sizes only")
    parser.add_argument("--budget", type=float, default=3.0, help="seconds for each comparison")
    parser.add_argument("--data", type=Path, help="directory with the lecture's data")
    parser.add_argument("--only", choices=["fit", "product", "predict", "exact", "data"])
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # LDA's on collinear variables
    print(
        f"numpy {np.__version__}, scikit-learn {sklearn.__version__}, Python"
        f" {platform.python_version()}, BLAS threads {os.environ['OPENBLAS_NUM_THREADS']}\n"
    )
    sizes = [size for size in SIZES if size[0] * size[1] <= 5e5] if options.quick else SIZES
    for name, run in {
        "product": lambda: compare_product(sizes, options.budget),
        "fit": lambda: compare_fit(sizes, options.budget),
        "predict": lambda: compare_predict(sizes, options.budget),
        "exact": invariances,
    }.items():
        if options.only in (None, name):
            run()
    if options.data and options.only in (None, "data"):
        homework(options.data)
        pokemon(options.data)


if __name__ == "__main__":
    main()
