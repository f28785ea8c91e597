"""Cross-validation of pairs of classifiers, fold by fold: times, scores, warnings and errors."""

import sys
import time
import warnings
from collections import Counter
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.metrics import accuracy_score, log_loss
from sklearn.utils.parallel import Parallel, delayed
from threadpoolctl import threadpool_limits  # scikit-learn imports it, so it is always there

from sklearn_lhy._report import Row


class Task(NamedTuple):
    """One fold of one pair."""

    data: str
    name: str
    pair: tuple[Any, Any]
    preprocessor: Any
    X: Any
    y: np.ndarray
    train: np.ndarray
    test: np.ndarray
    swap: bool


class Outcome(NamedTuple):
    """What one classifier did in one fold; the figures are None after an error."""

    seconds: float | None
    accuracy: float | None
    log_loss: float | None
    warnings: list[tuple[str, str]]
    error: str | None


def fold_tasks(data, X, y, pairs, preprocessor, folds):
    """All folds of all pairs; who goes first alternates from fold to fold."""
    return [
        Task(data, name, pair, preprocessor, X, y, train, test, swap=bool(k % 2))
        for name, pair in pairs.items()
        for k, (train, test) in enumerate(folds)
    ]


def run_tasks(tasks, n_jobs, progress):
    """Outcomes of each task, two a task, in the order of the tasks."""
    if n_jobs in (None, 1):
        outcomes = (_run_fold(task) for task in tasks)
    else:
        outcomes = iter(Parallel(n_jobs=n_jobs)(delayed(_run_fold)(task) for task in tasks))
    results = []
    for task, outcome in zip(tasks, outcomes, strict=True):
        results.append(outcome)
        if progress:
            progress.step(f"{task.data}, {task.name}")
    if progress:
        progress.close()
    return results


def _run_fold(task):
    """Fit the preparation once, then both classifiers on what it gives; `swap` reverses them."""
    preparation = clone(task.preprocessor)
    seen = preparation.fit_transform(_take(task.X, task.train), task.y[task.train])
    new = preparation.transform(_take(task.X, task.test))
    outcomes = [None, None]
    for side in (1, 0) if task.swap else (0, 1):
        with threadpool_limits(1, user_api="blas"):  # threads that wait for a core spoil times
            outcomes[side] = _fit_and_score(
                clone(task.pair[side]), seen, task.y[task.train], new, task.y[task.test]
            )
    return outcomes


def _take(X, rows):
    return X.iloc[rows] if hasattr(X, "iloc") else X[rows]


def _fit_and_score(classifier, X, y, X_test, y_test):
    """Outcome of one fit; what it warns of is kept, what it raises becomes the outcome."""
    seconds = accuracy = loss = error = None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            start = time.perf_counter()
            classifier.fit(X, y)
            seconds = time.perf_counter() - start
            accuracy = float(accuracy_score(y_test, classifier.predict(X_test)))
            loss = float(log_loss(y_test, classifier.predict_proba(X_test)))
        except Exception as problem:  # whatever goes wrong inside belongs into its row
            error = f"{type(problem).__name__}: {_first_line(problem)}"
    noted = [(w.category.__name__, _first_line(w.message)) for w in caught]
    return Outcome(seconds, accuracy, loss, noted, error)


def _first_line(message):
    return " ".join(str(message).strip().split("\n\n")[0].split())[:200]


def gather_rows(tasks, results):
    """The folds of each pair gathered in two rows: ours, then the counterpart's."""
    folds = {}
    for task, outcomes in zip(tasks, results, strict=True):
        folds.setdefault((task.data, task.name), []).append((task.pair, outcomes))
    rows = []
    for (data, name), entries in folds.items():
        theirs = type(entries[0][0][1]).__name__
        ours, peers = ([outcomes[side] for _, outcomes in entries] for side in (0, 1))
        whole = not any(o.error for o in [*ours, *peers])
        speed = [p.seconds / o.seconds for o, p in zip(ours, peers, strict=True)] if whole else []
        rows += [_row(data, name, theirs, ours, speed), _row(data, theirs, None, peers, [])]
    return rows


def _row(data, classifier, counterpart, outcomes, speed):
    fine = [o for o in outcomes if o.error is None]
    errors = [o.error for o in outcomes if o.error is not None]
    noted = [warning for o in outcomes for warning in o.warnings]
    return Row(
        data,
        classifier,
        counterpart,
        accuracy=tuple(o.accuracy for o in fine),
        log_loss=tuple(o.log_loss for o in fine),
        fit_seconds=tuple(o.seconds for o in fine),
        speed=tuple(speed),
        warnings=dict(Counter(kind for kind, _ in noted)),
        first_warning=noted[0][1] if noted else None,
        n_failed=len(errors),
        error=errors[0] if errors else None,
    )


class Progress:
    """Progress on stderr: one line that is rewritten on a terminal, else a line now and then."""

    def __init__(self, total, stream=None, every=5.0):
        self.total, self.every = total, every
        self.stream = sys.stderr if stream is None else stream
        self.done, self.start = 0, time.monotonic()
        self.last = self.start
        self.live = self.stream.isatty()

    def step(self, text):
        self.done += 1
        now = time.monotonic()
        if not self.live and now - self.last < self.every:
            return
        self.last = now
        line = f"{self.done} of {self.total} folds, {now - self.start:.0f} s: {text}"
        self._write(f"\r\x1b[2K{line}" if self.live else f"{line}\n")

    def close(self):
        if self.live:
            self._write("\r\x1b[2K")

    def _write(self, text):
        self.stream.write(text)
        self.stream.flush()
