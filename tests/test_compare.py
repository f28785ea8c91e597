"""The comparison as a function and as a command, on small data."""

import io
import itertools
import json
import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.datasets import load_breast_cancer, load_iris, load_wine
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_validate
from sklearn.naive_bayes import BernoulliNB, GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_info, threadpool_limits

from sklearn_lhy import (
    GaussianGenerativeClassifier,
    GDLogisticRegression,
    SoftmaxGD,
    StackedLogisticMLP,
    _folds,
    compare,
)
from sklearn_lhy.__main__ import main
from sklearn_lhy._csv import read_csv
from sklearn_lhy._folds import Progress
from sklearn_lhy._report import _center_and_spread
from sklearn_lhy.comparison import counterparts

X_IRIS, Y_IRIS = load_iris(return_X_y=True)
TWO = {"naive Bayes": (GaussianNB(), DummyClassifier())}


class Scripted(ClassifierMixin, BaseEstimator):
    """Predicts the first class; its fit takes `seconds` of a fake clock, and may complain."""

    clock = 0.0
    order: list = []

    def __init__(self, name="ours", seconds=1.0, warn=0, fail_after=None):
        self.name = name
        self.seconds = seconds
        self.warn = warn
        self.fail_after = fail_after

    def fit(self, X, y):
        Scripted.clock += self.seconds
        Scripted.order.append(self.name)
        for _ in range(self.warn):  # Python shows the same warning once only, we count each
            warnings.warn("too\nslow\n\nsecond paragraph", UserWarning, stacklevel=2)
        if self.fail_after is not None and Scripted.order.count(self.name) > self.fail_after:
            raise RuntimeError("no luck\nat all")
        self.classes_, counts = np.unique(y, return_counts=True)
        self.prior_ = counts / counts.sum()
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])

    def predict_proba(self, X):
        return np.tile(self.prior_, (len(X), 1))


class CountsThreads(GaussianNB):
    """Remembers how many BLAS threads its fits were allowed."""

    seen: list = []

    def fit(self, X, y):
        CountsThreads.seen += [
            i["num_threads"] for i in threadpool_info() if i["user_api"] == "blas"
        ]
        return super().fit(X, y)


class Slow(TransformerMixin, BaseEstimator):
    """A transformer that takes 100 seconds of the fake clock."""

    def fit(self, X, y=None):
        Scripted.clock += 100
        return self

    def transform(self, X):
        return X


@pytest.fixture
def scripted(monkeypatch):
    monkeypatch.setattr(Scripted, "clock", 0.0)
    monkeypatch.setattr(Scripted, "order", [])
    monkeypatch.setattr(_folds.time, "perf_counter", lambda: Scripted.clock)
    return Scripted


@pytest.mark.parametrize("preprocessor", ["scale", "passthrough"])
def test_scores_equal_those_of_cross_validate(preprocessor):
    result = compare(
        X_IRIS, Y_IRIS, estimators=TWO, cv=4, random_state=3, preprocessor=preprocessor
    )
    steps = [StandardScaler()] if preprocessor == "scale" else []
    for row, model in zip(result, (GaussianNB(), DummyClassifier()), strict=True):
        expected = cross_validate(
            make_pipeline(*steps, model),
            X_IRIS,
            Y_IRIS,
            cv=StratifiedKFold(4, shuffle=True, random_state=3),
            scoring=["accuracy", "neg_log_loss"],
        )
        np.testing.assert_array_equal(row.accuracy, expected["test_accuracy"])
        np.testing.assert_allclose(row.log_loss, -expected["test_neg_log_loss"], rtol=1e-12)


def test_times_are_of_the_fit_alone_and_turns_are_taken(scripted):
    pairs = {"quick": (scripted("ours", 2.0), scripted("theirs", 6.0))}
    result = compare(X_IRIS, Y_IRIS, estimators=pairs, cv=3, preprocessor=Slow())
    ours, theirs = result
    assert ours.fit_seconds == (2.0,) * 3 and theirs.fit_seconds == (6.0,) * 3
    assert ours.speed == (3.0,) * 3 and theirs.speed == ()
    assert scripted.order == ["ours", "theirs", "theirs", "ours", "ours", "theirs"]
    assert "3.00 x" in str(result)


def test_fits_get_one_blas_thread(monkeypatch):
    monkeypatch.setattr(CountsThreads, "seen", [])
    with threadpool_limits(2, user_api="blas"):
        compare(X_IRIS, Y_IRIS, estimators={"a": (CountsThreads(), GaussianNB())}, cv=2)
    assert set(CountsThreads.seen) == {1}


def test_warnings_are_counted_and_shown_under_the_table(scripted):
    pairs = {"noisy": (scripted(warn=2), scripted("theirs"))}
    result = compare(X_IRIS, Y_IRIS, estimators=pairs, cv=3)  # a leak would be an error here
    ours, theirs = result
    assert ours.warnings == {"UserWarning": 6} and ours.first_warning == "too slow"
    assert theirs.warnings == {} and theirs.first_warning is None
    assert "Warned: data, noisy: 6 x UserWarning, first: too slow" in str(result).splitlines()


def test_failure_stays_in_its_row(scripted):
    pairs = {
        "weak": (scripted(fail_after=1), scripted("peer")),
        "good": (scripted("good"), scripted("peer")),
    }
    result = compare(X_IRIS, Y_IRIS, estimators=pairs, cv=3)
    weak, peer, good, _ = result
    assert weak.n_failed == 2 and weak.error == "RuntimeError: no luck at all"
    assert len(weak.accuracy) == 1 and weak.speed == ()
    assert peer.n_failed == good.n_failed == 0 and len(good.speed) == 3
    line = next(line for line in str(result).splitlines() if line.startswith("weak"))
    assert line.endswith("failed in 2 folds: RuntimeError: no luck at all")


def test_interrupt_ends_the_run(scripted, monkeypatch):
    monkeypatch.setattr(Scripted, "fit", lambda *args: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        compare(X_IRIS, Y_IRIS, estimators={"a": (scripted(), scripted())}, cv=2)


def test_estimators_and_data_are_not_changed():
    X, y = X_IRIS.copy(), Y_IRIS.copy()
    X.flags.writeable = y.flags.writeable = False
    model = GaussianNB()
    compare(X, y, estimators={"a": (model, DummyClassifier())}, cv=2)
    assert not hasattr(model, "classes_")
    np.testing.assert_array_equal(X, X_IRIS)


def test_result_does_not_depend_on_the_number_of_jobs_or_the_container():
    pandas = pytest.importorskip("pandas")
    plain = compare(X_IRIS, Y_IRIS, estimators=TWO, cv=2)
    names = np.array(["a", "b", "c"])[Y_IRIS]
    others = [
        compare(X_IRIS, Y_IRIS, estimators=TWO, cv=2, n_jobs=2),
        compare(X_IRIS.tolist(), Y_IRIS.tolist(), estimators=TWO, cv=2),
        compare(pandas.DataFrame(X_IRIS), pandas.Series(names), estimators=TWO, cv=2),
    ]
    for other in others:
        assert [row.accuracy for row in other] == [row.accuracy for row in plain]


def test_polars_frame():
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({f"x{j}": column for j, column in enumerate(X_IRIS.T)})
    assert [row.accuracy for row in compare(frame, Y_IRIS, estimators=TWO, cv=2)] == [
        row.accuracy for row in compare(X_IRIS, Y_IRIS, estimators=TWO, cv=2)
    ]


def test_sparse_rows_are_scaled_without_centring():
    X = sparse.csr_matrix(X_IRIS.round(), dtype=float)
    pairs = {"sparse": (LogisticRegression(max_iter=1000), BernoulliNB())}
    assert [row.error for row in compare(X, Y_IRIS, estimators=pairs, cv=2)] == [None, None]


def test_default_pairs_run_on_two_and_on_three_classes():
    for load, n_classes in ((load_breast_cancer, 2), (load_wine, 3)):
        X, y = load(return_X_y=True)
        result = compare(X[::2], y[::2], cv=2)
        assert len(result) == 10
        ours = [row for row in result if row.counterpart]
        assert [row.error for row in ours] == [None] * 5
        losses = {row.classifier: row.log_loss for row in ours}
        for one, other in itertools.combinations(losses, 2):  # five models, none in disguise
            assert not np.allclose(losses[one], losses[other], rtol=1e-3), (one, other)
        pairs = counterparts(n_classes)
        linear = GDLogisticRegression if n_classes == 2 else SoftmaxGD
        types = [GaussianGenerativeClassifier] * 3 + [linear, StackedLogisticMLP]
        assert [type(pair[0]) for pair in pairs.values()] == types
        assert [row.classifier for row in ours] == list(pairs)
        assert [row.counterpart for row in ours] == [type(b).__name__ for _, b in pairs.values()]


def test_same_seed_same_scores_other_seed_other_folds():
    runs = [compare(X_IRIS, Y_IRIS, estimators=TWO, cv=3, random_state=s) for s in (0, 0, 1)]
    scores = [[row.log_loss for row in run] for run in runs]
    assert scores[0] == scores[1] != scores[2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((X_IRIS, None), "both X and y"),
        ((X_IRIS, np.zeros(150)), "one class"),
        ((X_IRIS, Y_IRIS + 0.5 * (np.arange(150) % 2)), "continuous"),
        ((X_IRIS, np.r_[Y_IRIS[:-1], 7]), "class 7 has 1 rows, fewer than the 3 folds"),
        ((X_IRIS, Y_IRIS[:-1]), "inconsistent numbers of samples"),
        ((X_IRIS[:, 0], Y_IRIS), r"X has shape \(150,\)"),
    ],
)
def test_bad_data_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        compare(*arguments, estimators=TWO, cv=3)


@pytest.mark.parametrize("cv", [1, 2.5, True, "three"])
def test_bad_number_of_folds_is_refused(cv):
    with pytest.raises(ValueError, match="cv = "):
        compare(X_IRIS, Y_IRIS, estimators=TWO, cv=cv)


@pytest.mark.parametrize("wrong", [{}, {"a": GaussianNB()}, {"a": (GaussianNB(),) * 3}, [1]])
def test_what_is_no_pair_is_refused(wrong):
    with pytest.raises(TypeError, match="estimators must map names to pairs"):
        compare(X_IRIS, Y_IRIS, estimators=wrong)


def test_unknown_preprocessor_is_refused():
    with pytest.raises(ValueError, match="preprocessor = 'scaled'"):
        compare(X_IRIS, Y_IRIS, estimators=TWO, preprocessor="scaled")


def test_json_holds_every_fold(tmp_path):
    result = compare(X_IRIS, Y_IRIS, estimators=TWO, cv=3, name="iris")
    text = result.to_json(tmp_path / "out.json")
    stored = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert stored == json.loads(text)
    assert stored["data"][0]["name"] == "iris" and stored["data"][0]["n_classes"] == 3
    assert [tuple(row["accuracy"]) for row in stored["rows"]] == [row.accuracy for row in result]
    assert stored["settings"]["n_folds"] == 3
    seeded = compare(X_IRIS, Y_IRIS, estimators=TWO, cv=3, random_state=np.int64(0))
    assert json.loads(seeded.to_json())["settings"]["random_state"] == 0


def test_picture_has_a_point_for_every_classifier(scripted):
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.switch_backend("Agg")
    pairs = {
        "weak": (scripted(fail_after=0), scripted("peer")),
        "good": (scripted("good"), scripted("peer")),
    }
    figure = compare(X_IRIS, Y_IRIS, estimators=pairs, cv=2).plot()
    assert len(figure.axes) == 3
    for ax in figure.axes:
        points = {line.get_label(): line.get_ydata() for line in ax.lines if line.get_marker()}
        assert len(points["classifier"]) == 1 and len(points["counterpart"]) == 2
    figure.savefig(io.BytesIO())
    pyplot.close(figure)


def test_picture_without_matplotlib_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    result = compare(X_IRIS, Y_IRIS, estimators=TWO, cv=2)
    with pytest.raises(ImportError, match="pip install matplotlib"):
        result.plot()


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_rewrites_one_line_on_a_terminal():
    stream = Terminal()
    progress = Progress(2, stream)
    progress.step("wine, a")
    progress.step("wine, b")
    progress.close()
    last = stream.getvalue().split("\r\x1b[2K")
    assert last[1].startswith("1 of 2 folds") and last[1].endswith("wine, a")
    assert last[3] == "" and "\n" not in stream.getvalue()


def test_progress_elsewhere_is_a_line_now_and_then(monkeypatch):
    now = iter([0.0, 1.0, 6.0, 7.0])
    monkeypatch.setattr(_folds.time, "monotonic", lambda: next(now))
    stream = io.StringIO()
    progress = Progress(3, stream, every=5)
    for text in ("a", "b", "c"):
        progress.step(text)
    progress.close()
    assert stream.getvalue() == "2 of 3 folds, 6 s: b\n"


@pytest.mark.parametrize("verbose", [False, True])
def test_verbose_shows_progress(monkeypatch, verbose):
    monkeypatch.setattr(sys, "stderr", Terminal())
    compare(X_IRIS, Y_IRIS, estimators=TWO, cv=2, verbose=verbose)
    assert ("1 of" in sys.stderr.getvalue()) is verbose


def test_sizes_of_the_classes_are_told():
    facts = compare(X_IRIS[:120], Y_IRIS[:120], estimators=TWO, cv=2).data[0]
    assert (facts["n_classes"], facts["smallest_class"], facts["largest_class"]) == (3, 20, 50)


# --- tables -----------------------------------------------------------------------------------


def write(path, text, **options):
    path.write_text(text, **({"encoding": "utf-8"} | options))
    return path


PEOPLE = "age,town,hired\n31,Ulm,yes\n?,Kiel,no\n45,,no\n52,Ulm,\n28,Bonn,yes\n39,Kiel,no\n"


def test_table_of_numbers_categories_and_gaps(tmp_path):
    table = read_csv(write(tmp_path / "t.csv", PEOPLE), "hired")
    expected = [[31, 2], [np.nan, 1], [45, np.nan], [28, 0], [39, 1]]  # Bonn Kiel Ulm: 0 1 2
    np.testing.assert_array_equal(table.X, expected)
    assert table.y.tolist() == ["yes", "no", "no", "yes", "no"]
    assert table.notes[0] == "left out: 1 rows without a value in 'hired'"
    assert table.notes[1].startswith("missing values: 1 in 'age', 1 in 'town';")
    ages = np.array([31, 35, 45, 28, 39])  # 35: median of the four that are known
    towns = [[0, 1], [1, 0], [1, 0], [0, 0], [1, 0]]  # Kiel, Ulm; Kiel is the most frequent one
    wanted = np.column_stack([(ages - ages.mean()) / ages.std(), towns])
    np.testing.assert_allclose(table.preprocessor.fit_transform(table.X), wanted, atol=1e-12)
    raw = read_csv(tmp_path / "t.csv", "hired", scale=False).preprocessor.fit_transform(table.X)
    np.testing.assert_array_equal(raw[:, 0], ages)


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_delimiters_quotes_blank_lines_and_byte_order_mark(tmp_path, mark):
    text = f'"a{mark} b"{mark}y\n\n1{mark}0\n 2.5 {mark}1\n'
    table = read_csv(write(tmp_path / "t.csv", text, encoding="utf-8-sig"), "y")
    np.testing.assert_array_equal(table.X, [[1], [2.5]])
    assert table.y.tolist() == [0, 1] and table.y.dtype.kind == "i"


def test_a_single_text_is_left_out(tmp_path):
    table = tmp_path / "t.csv"
    table.write_text("c,x,y\n" + "".join(f"q,{i},{'ab'[i % 2]}\n" for i in range(8)))
    read = read_csv(table, "y", [])
    assert read.X.shape == (8, 1)
    assert any("one text only" in note for note in read.notes)


def test_numbers_can_be_called_categories(tmp_path):
    path = write(tmp_path / "t.csv", "size,y\n10,a\n30,b\n20,a\n3+,b\n")
    table = read_csv(path, "y", ["size"])
    np.testing.assert_array_equal(table.X.ravel(), [0, 3, 1, 2])  # sorted as texts


def test_useless_columns_are_left_out_and_named(tmp_path):
    lines = "\n".join(f"{k},{k % 2},name {k},,{k % 3}" for k in range(30))
    table = read_csv(write(tmp_path / "t.csv", ",y,who,gap,x\n" + lines), "y")
    assert table.X.shape == (30, 1)
    assert [note.split(",")[0] for note in table.notes] == [
        "left out: column ''",
        "left out: column 'who'",
        "left out: column 'gap'",
    ]


def test_counted_columns_are_a_header(tmp_path):
    table = read_csv(write(tmp_path / "t.csv", "0,1,2,y\n7,8,9,a\n5,5,5,b\n"), "y")
    np.testing.assert_array_equal(table.X, [[7, 8, 9], [5, 5, 5]])


def test_long_numbers_stay_different_classes(tmp_path):
    path = write(tmp_path / "t.csv", "x,y\n1,9007199254740992\n2,9007199254740993\n")
    assert len(set(read_csv(path, "y").y)) == 2


def test_zeros_in_front_tell_classes_apart(tmp_path):
    path = write(tmp_path / "t.csv", "x,y,z\n1,01,0\n2,1,1\n")
    assert read_csv(path, "y").y.tolist() == ["01", "1"]
    assert read_csv(path, "z").y.tolist() == [0, 1]


def test_what_a_quoted_name_holds_does_not_cut(tmp_path):
    table = read_csv(write(tmp_path / "t.csv", '"w, h, d";y\n"1";a\n2.5;b\n'), "y")
    np.testing.assert_array_equal(table.X, [[1], [2.5]])


BAD_TABLES = {
    "empty": ("", "t.csv is empty"),
    "blank": (" \n\n", "t.csv is empty"),
    "header only": ("x,y\n", "has a header but no rows"),
    "no such column": ("x,z\n1,2\n", "no column 'y'"),
    "named twice": ("x,y,x\n1,2,3\n", "2 columns are named 'x'"),
    "no header": ("1.5,2.5,y\n3.5,4.5,a\n", "starts with numbers (1.5, 2.5, y, ...)"),
    "ragged": ("x,y\n1,2\n1,2,3\n", "line 3: 3 fields, but the header has 2"),
    "stray word": ("x,y\n1,a\n2,b\noops,a\n", "line 4: column 'x' holds 'oops'"),
    "infinite": ("x,y\n1,a\ninf,b\n", "line 3: column 'x' holds inf"),
    "underscore": ("x,y\n1,a\n2,a\n1_0,b\n", "line 4: column 'x' holds '1_0'"),
    "decimal comma": ("x;y\n1,5;a\n2,5;b\n", "decimal commas, such as '1,5'"),
    "decimal comma and zeros": ("x;y\n0,0;a\n0,0;b\n0,5;a\n", "decimal commas, such as '0,0'"),
    "continuous": ("x,y\n1,0.5\n2,1\n", "column 'y' is continuous (0.5 in line 2)"),
    "no labels": ("x,y\n1,\n2,?\n", "column 'y' holds no values"),
    "target alone": ("y\na\nb\n", "no usable column beside 'y'"),
    "quotes": ('x,y\n1,"a\n', "line 2"),
    "one class": ("x,y\n1,a\n2,a\n", "one class"),
    "rare class": ("x,y\n1,a\n2,a\n3,b\n", "class b has 1 rows"),
}


@pytest.mark.parametrize("case", BAD_TABLES)
def test_bad_table_gets_one_line_and_exit_code_2(tmp_path, capsys, case):
    text, message = BAD_TABLES[case]
    path = write(tmp_path / "t.csv", text)
    assert_refused(["--data", str(path), "--target", "y", "--cv", "2"], message, capsys)


def test_bytes_that_are_not_utf8(tmp_path, capsys):
    path = tmp_path / "t.csv"
    path.write_bytes("x,y\n1,a\n2,b\nZürich,b\n".encode("latin-1"))
    assert_refused(["--data", str(path), "--target", "y"], "line 4: byte 0xfc", capsys)


def assert_refused(arguments, message, capsys):
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    out, err = capsys.readouterr()
    assert exit_.value.code == 2 and out == ""
    assert err.endswith("\n") and err.count("\n") == 1
    assert err.startswith("python -m sklearn_lhy: error: ") and message in err


# --- command ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--data", "nowhere.csv", "--target", "y"], "nowhere.csv: No such file"),
        (["--data", ".", "--target", "y"], ".: Is a directory"),
        (["--data", "nowhere.csv"], "needs --target"),
        (["--target", "y"], "need --data"),
        (["--cv", "1"], "--cv 1"),
        (["--cv", "many"], "invalid int value: 'many'"),
        (["--seed", "-1"], "--seed -1"),
        (["--jobs", "0"], "--jobs 0"),
        (["--json", "no/such/place.json"], "cannot write no/such/place.json"),
        (["--plot", "."], "cannot write ."),
        (["--plot", "out.docx"], "must end in .png"),
        (["--data", "./t.csv", "--target", "y", "--json", "t.csv"], "different files"),
        (["--json", "same.png", "--plot", "same.png"], "different files"),
        (["--nonsense"], "unrecognized arguments: --nonsense"),
    ],
)
def test_bad_arguments_get_one_line_and_exit_code_2(
    tmp_path, monkeypatch, capsys, arguments, message
):
    monkeypatch.chdir(tmp_path)
    assert_refused(arguments, message, capsys)


def test_plot_without_matplotlib_is_refused_before_the_work(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert_refused(["--plot", "out.png"], "pip install matplotlib", capsys)


def test_interrupted_command_leaves_without_traceback(monkeypatch, capsys):
    def interrupted(**options):
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.modules["sklearn_lhy.__main__"], "compare", interrupted)
    with pytest.raises(SystemExit) as exit_:
        main([])
    assert exit_.value.code == 130 and capsys.readouterr().err == "\ninterrupted\n"


def test_command_from_end_to_end(tmp_path):
    rows = [*zip(*X_IRIS.T, np.array(["s", "ve", "vi"])[Y_IRIS], strict=True)]
    lines = ["a,b,c,d,kind", *(",".join(map(str, row)) for row in rows)]
    lines[3] = lines[3].replace(lines[3].split(",")[0], "", 1)
    write(tmp_path / "iris.csv", "\n".join(lines))
    command = "-m sklearn_lhy --data iris.csv --target kind --cv 2 --json o.json --plot o.png"
    root = Path(__file__).parents[1]
    run = subprocess.run(
        [sys.executable, *command.split()],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(root), "MPLBACKEND": "Agg"},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert run.returncode == 0, run.stderr
    assert "iris.csv: 150 rows, 4 columns, 3 classes of 50 to 50 rows" in run.stdout
    assert "missing values: 1 in 'a';" in run.stdout
    stored = json.loads((tmp_path / "o.json").read_text(encoding="utf-8"))
    assert len(stored["rows"]) == 10
    for row in stored["rows"]:
        assert f"{np.mean(row['accuracy']):.3f} ± {np.std(row['accuracy']):.3f}" in run.stdout
    assert (tmp_path / "o.png").read_bytes().startswith(b"\x89PNG")


def test_times_have_a_median_and_half_the_range_of_their_middle_half():
    assert _center_and_spread("fit_seconds", [1, 2, 3, 4, 50]) == (3, 1)
    assert _center_and_spread("accuracy", [1, 2, 3]) == (2, pytest.approx((2 / 3) ** 0.5))
