"""The result of a comparison: what each classifier reached, as rows, table, JSON and picture."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from sklearn_lhy._plotting import pyplot

WIDTH = 92  # of the table


@dataclass(frozen=True)
class Row:
    """What one classifier reached on one data set: one entry per fold in every tuple.

    Attributes
    ----------
    data, classifier : str
        Names of the data set and of the classifier.
    counterpart : str or None
        Name of the classifier that this one is compared with; None for the counterpart itself.
    accuracy, log_loss : tuple of float
        On the test rows of each fold; probabilities that round to 0 count as 2.2e-16.
    fit_seconds : tuple of float
        Time of the classifier's fit alone, without the preparation that both share.
    speed : tuple of float
        Counterpart's time divided by this classifier's, fold by fold; empty without counterpart.
    warnings : dict of str to int
        How often each kind of warning was raised.
    first_warning : str or None
        Text of the first one.
    n_failed : int
        Number of folds that ended in an exception; the figures are those of the others.
    error : str or None
        Text of the first exception.
    """

    data: str
    classifier: str
    counterpart: str | None
    accuracy: tuple[float, ...]
    log_loss: tuple[float, ...]
    fit_seconds: tuple[float, ...]
    speed: tuple[float, ...] = ()
    warnings: dict[str, int] = field(default_factory=dict)
    first_warning: str | None = None
    n_failed: int = 0
    error: str | None = None


@dataclass(frozen=True)
class Comparison:
    """Result of `compare`: print it, iterate over its rows, write it as JSON, or draw it.

    Attributes
    ----------
    data : list of dict
        Name, shape, number of classes and notes of each data set.
    rows : list of Row
        Each classifier, followed by its counterpart.
    settings : dict
        Number of folds, seed and the versions that were at work.
    """

    data: list[dict[str, Any]]
    rows: list[Row]
    settings: dict[str, Any]

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __str__(self) -> str:
        lines = [_line("classifier", "accuracy", "log-loss", "fit time, ms", "speed")]
        for data in self.data:
            lines += ["", _describe(data)]
            lines += [_table_row(row) for row in self.rows if row.data == data["name"]]
        return "\n".join([*lines, "", *self._notes()])

    def _notes(self) -> list[str]:
        """Lines under the table: what its figures are, and what the classifiers complained of."""
        notes = [
            f"Mean ± standard deviation over {self.settings['n_folds']} folds; "
            "fit time (one BLAS thread): median ± half the interquartile range.",
            "speed: the counterpart's fit time (the line below) divided by the classifier's own, "
            "median of the folds.",
        ]
        for row in self.rows:
            where = f"{row.data}, {row.classifier}"
            if row.error:
                notes.append(f"Failed: {where}: {row.error}")
            if row.warnings:
                counts = ", ".join(f"{n} x {kind}" for kind, n in row.warnings.items())
                notes.append(f"Warned: {where}: {counts}, first: {row.first_warning}")
        return notes

    def to_dict(self) -> dict[str, Any]:
        """Plain dicts, lists and numbers, as `to_json` writes them."""
        return asdict(self)

    def to_json(self, path: str | Path | None = None) -> str:
        """Give the result as JSON text, with every fold, and write it to `path` if there is one.

        Parameters
        ----------
        path : str or Path or None, default=None
            File to write.

        Returns
        -------
        text : str
            One JSON object with the keys "data", "rows" and "settings".
        """
        text = json.dumps(self.to_dict(), indent=1, allow_nan=False, default=np.generic.item) + "\n"
        if path is not None:
            Path(path).write_text(text, encoding="utf-8")
        return text

    def plot(self) -> Any:
        """Draw accuracy, log-loss and fit time of each pair, one row of panels per data set.

        Returns
        -------
        figure : matplotlib.figure.Figure
            With `figure.savefig(path)` it becomes a file.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        return _draw_comparison(pyplot("plot"), self)


def _draw_comparison(plt, comparison):
    """A row of panels for each data set, a panel for each measure, a line for each pair."""
    measures = {"accuracy": "accuracy", "log_loss": "log-loss", "fit_seconds": "fit time, s"}
    shape = (len(comparison.data), len(measures))
    size = (11, 0.8 + 2.2 * shape[0])
    figure, axes = plt.subplots(*shape, figsize=size, layout="constrained", squeeze=False)
    for panels, data in zip(axes, comparison.data, strict=True):
        rows = [row for row in comparison if row.data == data["name"]]
        for ax, measure in zip(panels, measures, strict=True):
            _draw(ax, rows, measure)
        panels[0].set_title(data["name"], loc="left")
        labels = [f"{row.classifier}\n{row.counterpart}" for row in rows if row.counterpart]
        panels[0].set_yticks(range(len(labels)), labels, fontsize="small")
    for ax, label in zip(axes[-1], measures.values(), strict=True):
        ax.set_xlabel(label)
    figure.legend(
        *axes[0, 0].get_legend_handles_labels(),
        title="mean (time: median) and range of the folds",
        loc="outside upper right",
        ncols=2,
        frameon=False,
    )
    return figure


def _draw(ax, rows, measure):
    """One panel: our classifiers as dots, their counterparts as squares just below them."""
    looks = [  # blue and vermilion differ for every kind of colour vision, and so do the shapes
        ("classifier", "#0072B2", "o", -0.12),
        ("counterpart", "#D55E00", "s", 0.12),
    ]
    for side, (label, colour, marker, shift) in enumerate(looks):
        places = [(k, row) for k, row in enumerate(rows[side::2]) if not row.n_failed]
        for k, row in places:
            values = getattr(row, measure)
            ax.plot([min(values), max(values)], [k + shift] * 2, color=colour)
        centers = [_center_and_spread(measure, getattr(row, measure))[0] for _, row in places]
        heights = [k + shift for k, _ in places]
        ax.plot(centers, heights, marker, color=colour, label=label)
    ax.set_yticks([])
    ax.set_ylim(len(rows) / 2 - 0.5, -0.5)
    if measure == "fit_seconds":
        ax.set_xscale("log")


def _center_and_spread(measure, values):
    """Mean and standard deviation; for times, which have outliers, median and half the IQR."""
    if measure == "fit_seconds":
        low, center, high = np.percentile(values, [25, 50, 75])
        return float(center), float(high - low) / 2
    return float(np.mean(values)), float(np.std(values))


def _line(name, *cells):
    return f"{name:<36}" + "".join(
        f"{cell:>{w}}" for cell, w in zip(cells, (15, 15, 17, 9), strict=True)
    )


def _describe(data):
    """Heading of one data set, with its notes."""
    heading = (
        f"{data['name']}: {data['n_samples']} rows, {data['n_features']} columns, "
        f"{data['n_classes']} classes of {data['smallest_class']} to {data['largest_class']} rows"
    )
    return "\n".join([heading, *(f"  {note}" for note in data["notes"])])


def _table_row(row):
    name = row.classifier if row.counterpart else f"  {row.classifier}"
    if row.n_failed:  # a mean over the folds that went well would flatter
        text = f"{name:<36}  failed in {row.n_failed} folds: {row.error}"
        return text if len(text) <= WIDTH else f"{text[: WIDTH - 3]}..."
    accuracy = "{:.3f} ± {:.3f}".format(*_center_and_spread("accuracy", row.accuracy))
    loss = "{:.3f} ± {:.3f}".format(*_center_and_spread("log_loss", row.log_loss))
    center, spread = _center_and_spread("fit_seconds", np.array(row.fit_seconds) * 1e3)
    digits = 2 if center < 10 else 1 if center < 100 else 0
    speed = f"{np.median(row.speed):.2f} x" if row.speed else ""
    return _line(name, accuracy, loss, f"{center:.{digits}f} ± {spread:.{digits}f}", speed)
