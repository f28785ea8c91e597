"""Rows beyond memory: Dask on a cluster of two processes, and a memory-mapped file.

    OPENBLAS_NUM_THREADS=1 python benchmarks/scale.py [--rows N] [--only PART ...]

Writes N x 20 float32 rows (default 1e6; 1e7 are 800 MB) to a temporary folder and prints how fits
of them compare with fits in memory (`equal`, on 100 000 rows), what they take of time and memory
by number of rows (`dask`, `memmap`), and dask-ml's LogisticRegression beside ours (`dask-ml`).
"""

import argparse
import logging
import multiprocessing
import os
import resource
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy is imported
os.environ.setdefault("MKL_NUM_THREADS", "1")

import dask
import dask.array as da
import numpy as np
from distributed import Client, LocalCluster

from sklearn_lhy import (
    GaussianGenerativeClassifier,
    GDLogisticRegression,
    SoftmaxGD,
    StackedLogisticMLP,
)

D, BLOCK = 20, 250_000  # a block of float32 rows has 20 MB
PARTS = ("equal", "dask", "memmap", "dask-ml")


def models():
    return {
        "Gaussian": GaussianGenerativeClassifier(),
        "logistic": GDLogisticRegression(),
        "softmax": SoftmaxGD(),
        "network": StackedLogisticMLP((16,), random_state=0),
    }


# ---- the file -----------------------------------------------------------------------------------


def write(folder, rows):
    """Correlated rows off the origin with labels of three classes, and how to map them."""
    rng = np.random.default_rng(0)
    mix, W = rng.normal(size=(D, D)).astype("f"), rng.normal(size=(D, 3)).astype("f") / 4
    with open(folder / "X", "wb") as X, open(folder / "y", "wb") as y:
        for start in range(0, rows, BLOCK):
            Z = rng.standard_normal((min(BLOCK, rows - start), D), dtype=np.float32)
            noise = rng.gumbel(size=(len(Z), 3))
            (Z @ mix + 3).tofile(X)
            (Z @ W + noise).argmax(axis=1).astype(np.int8).tofile(y)


def read(folder, start, stop):
    """Rows and labels from start to stop, mapped."""
    X = np.memmap(folder / "X", np.float32, "r", 4 * D * start, (stop - start, D))
    return X, np.memmap(folder / "y", np.int8, "r", start, (stop - start,))


def labels(y, classes):
    """The three classes, or the first against the others."""
    return y if classes == 3 else (y > 0).astype(np.int8)


def lazy(folder, rows, classes, size=BLOCK):
    """Dask arrays of blocks that the workers read: the graph holds file names, not rows."""
    X, y = [], []
    for start in range(0, rows, size):
        n = min(size, rows - start)
        block = dask.delayed(read, pure=True)(folder, start, start + n)
        X.append(da.from_delayed(block[0], (n, D), np.float32))
        y.append(da.from_delayed(dask.delayed(labels)(block[1], classes), (n,), np.int8))
    return da.concatenate(X), da.concatenate(y)


# ---- what is measured ---------------------------------------------------------------------------


class Rounds(logging.Handler):
    """Counts the rounds over all blocks."""

    def __init__(self):
        super().__init__()
        self.count = 0
        logger = logging.getLogger("sklearn_lhy.dask")
        logger.setLevel(logging.DEBUG)
        logger.addHandler(self)

    def emit(self, record):
        self.count += 1


def status(field):
    """A figure of /proc/self/status in MiB (Linux)."""
    return int(Path("/proc/self/status").read_text().split(f"{field}:")[1].split()[0]) / 1024


def peak():
    """Most memory of this process, pages of mapped files included, since `forget_peak`."""
    return status("VmHWM")


def forget_peak():
    Path("/proc/self/clear_refs").write_text("5")


def classes_of(name):
    return 3 if name == "softmax" else 2


def equal(client, folder, rows, rounds):
    """Fits on the cluster beside those in memory."""
    rows = min(rows, 100_000)
    for name, model in models().items():
        X, y = read(folder, 0, rows)
        X, y = np.array(X, float), labels(y, classes_of(name))
        expected = model.fit(X, y).predict_proba(X)
        best = getattr(model, "loss_curve_", [0])[-1]
        rounds.count = 0
        blocks, codes = lazy(folder, rows, classes_of(name), 9000)
        model.fit(blocks.astype(float), codes)
        P = model.predict_proba(X)
        print(
            f"{name:9s} probabilities differ by {abs(P - expected).max():.1e}, objective by"
            f" {abs(getattr(model, 'loss_curve_', [0])[-1] - best):.1e}, predictions at"
            f" {(P.argmax(1) != expected.argmax(1)).sum()} of {rows} rows; {rounds.count} rounds",
            flush=True,
        )


def sizes(rows):
    """Rows by powers of ten."""
    return [n for n in (10**5, 10**6, 10**7, 10**8) if n < rows] + [rows]


def exponent(rows, seconds):
    """Of the power law of the two largest sizes."""
    return np.log(seconds[-1] / seconds[-2]) / np.log(rows[-1] / rows[-2])


def on_dask(client, folder, rows, rounds):
    """Time and memory of the workers."""
    for name, model in models().items():
        seconds = []
        for n in sizes(rows):
            client.run(forget_peak)
            base, rounds.count, start = max(client.run(peak).values()), 0, time.perf_counter()
            model.fit(*lazy(folder, n, classes_of(name)))
            seconds.append(time.perf_counter() - start)
            most = max(client.run(peak).values())
            print(
                f"{name:9s} {n:10d} rows {seconds[-1]:7.1f} s {rounds.count:3d} rounds,"
                f" a worker at most {most:5.0f} MiB ({base:.0f} before)",
                flush=True,
            )
        if len(seconds) > 1:
            print(f"{name:9s} time grows as rows ** {exponent(sizes(rows), seconds):.2f}")


def mapped(name, folder, rows, limit):
    """Fit a mapped file in this process, which may allocate `limit` bytes and no more."""
    X, y = read(folder, 0, rows)
    y, model = labels(y, classes_of(name)), models()[name]
    if limit:
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    start = time.perf_counter()
    try:
        model.fit(X, y)
        found = f"{time.perf_counter() - start:7.1f} s"
    except MemoryError as error:
        found = f"MemoryError: {error}"
    within = f", {rows * D >> 20} MiB beyond the libraries'" if limit else ""
    print(f"{name:9s} {rows:10d} rows {found}{within}", flush=True)


def on_memmap(folder, rows):
    """A quarter of the file for all private memory, with what Python and libraries take before."""
    spawn = multiprocessing.get_context("spawn")
    for name in models():
        for n in sizes(rows):
            quarter = n * D
            limit = quarter + int(status("VmData") * 2**20) if quarter > 50e6 else 0
            child = spawn.Process(target=mapped, args=(name, folder, n, limit))
            child.start()
            child.join()


def beside_dask_ml(client, folder, rows, rounds):
    """Objectives are compared as means over rows, ours and theirs with C = 1."""
    from dask_ml.linear_model import LogisticRegression

    X, y = lazy(folder, rows, 2)
    peers = {"ours": GDLogisticRegression()}
    peers |= {s: LogisticRegression(solver=s, C=1.0) for s in ("newton", "lbfgs", "admm")}
    for name, model in peers.items():
        start = time.perf_counter()
        try:
            model.fit(X, y)
        except Exception as error:
            print(f"{name:9s} {type(error).__name__}: {error}")
            continue
        seconds = time.perf_counter() - start
        w, b = np.ravel(model.coef_), float(np.ravel(model.intercept_)[0])
        loss = client.submit(objective, folder, rows, w, b).result()
        print(f"{name:9s} {rows:10d} rows {seconds:7.1f} s, objective {loss:.10f}", flush=True)


def objective(folder, rows, w, b):
    """Mean of the loss and the penalty of C = 1."""
    total = w @ w / 2
    for start in range(0, rows, BLOCK):
        X, y = read(folder, start, min(start + BLOCK, rows))
        z = X @ w + b
        total += (np.logaddexp(0, z) - labels(y, 2) * z).sum()
    return total / rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=float, default=1e6)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, metavar="PART")
    args = parser.parse_args()
    rows, rounds = int(args.rows), Rounds()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        write(folder, rows)
        print(f"{rows} x {D} float32, {(folder / 'X').stat().st_size / 1e6:.0f} MB", flush=True)
        if "memmap" in args.only:
            on_memmap(folder, rows)
        with (
            LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster,
            Client(cluster) as client,
        ):
            for part, run in (("equal", equal), ("dask", on_dask), ("dask-ml", beside_dask_ml)):
                if part in args.only:
                    try:
                        run(client, folder, rows, rounds)
                    except ImportError as error:
                        print(f"{part} left out: {error}")


if __name__ == "__main__":
    main()
