"""Pictures of a descent: its loss after each iteration, and its path over two weights [L15]."""

from numbers import Integral

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from sklearn_lhy._linear import LinearDescendingClassifier
from sklearn_lhy._plotting import line_look, pyplot
from sklearn_lhy._training import stack_objective
from sklearn_lhy._units import Layer


class LossCurveDisplay:
    """Loss of one descent or of several after each iteration.

    Make it with `from_estimator` or `from_estimators`; the constructor takes the numbers as they
    are.

    Parameters
    ----------
    losses : dict of str to sequence of float
        Loss after each iteration, by the name of the descent.
    validation_losses : dict of str to sequence of float, default=None
        Loss on validation data, for the names that have any.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where the curves are drawn.
    figure_ : matplotlib Figure
        The figure of `ax_`.
    lines_ : dict of str to matplotlib Line2D
        The curve of each name.
    validation_lines_ : dict of str to matplotlib Line2D
        The validation curve, dashed and in the same colour, of the names that have one.

    See Also
    --------
    LossSurfaceDisplay : The path of a descent over two weights.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_lhy import SoftmaxGD
    >>> from sklearn_lhy.inspection import LossCurveDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> models = {name: SoftmaxGD(solver=name, tol=0.01).fit(X, y) for name in ("gd", "adam")}
    >>> display = LossCurveDisplay.from_estimators(models, log=True)
    >>> list(display.lines_)
    ['gd', 'adam']
    """

    def __init__(self, losses, validation_losses=None):
        self.losses = losses
        self.validation_losses = validation_losses

    @classmethod
    def from_estimator(cls, estimator, *, name=None, ax=None, log=False, line_kwargs=None):
        """Draw the loss of one fitted estimator.

        Parameters
        ----------
        estimator : estimator or Pipeline
            Fitted, with a `loss_curve_` (and a `validation_loss_curve_`, if it was given validation
            data or `early_stopping`); of a Pipeline the last step counts.
        name : str, default=None
            Name in the legend; that of the class by default.
        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.
        log : bool, default=False
            Whether the axis of the loss is logarithmic.
        line_kwargs : dict, default=None
            Keywords of `Axes.plot`.

        Returns
        -------
        display : LossCurveDisplay
            What was drawn.
        """
        name = name or type(_last_step(estimator)).__name__
        return cls.from_estimators({name: estimator}, ax=ax, log=log, line_kwargs=line_kwargs)

    @classmethod
    def from_estimators(cls, estimators, *, ax=None, log=False, line_kwargs=None):
        """Draw the losses of several fitted estimators.

        Parameters
        ----------
        estimators : dict of str to estimator or Pipeline
            Fitted estimators as in `from_estimator`, by their names in the legend.
        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.
        log : bool, default=False
            Whether the axis of the loss is logarithmic.
        line_kwargs : dict, default=None
            Keywords of `Axes.plot` for all curves.

        Returns
        -------
        display : LossCurveDisplay
            What was drawn.
        """
        last = {name: _last_step(estimator) for name, estimator in estimators.items()}
        for estimator in last.values():
            check_is_fitted(
                estimator,
                "loss_curve_",
                msg="LossCurveDisplay draws loss_curve_, which this %(name)s does not have: fit it"
                " first, or take an estimator that records its loss.",
            )
        watched = {
            name: estimator.validation_loss_curve_
            for name, estimator in last.items()
            if getattr(estimator, "validation_loss_curve_", None) is not None
        }
        display = cls({name: estimator.loss_curve_ for name, estimator in last.items()}, watched)
        return display.plot(ax, log=log, line_kwargs=line_kwargs)

    def plot(self, ax=None, *, log=False, line_kwargs=None):
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.
        log : bool, default=False
            Whether the axis of the loss is logarithmic.
        line_kwargs : dict, default=None
            Keywords of `Axes.plot` for all curves.

        Returns
        -------
        display : LossCurveDisplay
            Itself.
        """
        self.ax_ = pyplot("LossCurveDisplay").subplots()[1] if ax is None else ax
        self.figure_ = self.ax_.figure
        self.lines_, self.validation_lines_ = {}, {}
        for name, losses in self.losses.items():
            look = {**line_look(line_kwargs), "label": name}
            self.lines_[name] = self._draw(losses, look)
            if name in (self.validation_losses or {}):
                look["color"] = self.lines_[name].get_color()
                look |= {"label": f"{name}, validation", "linestyle": "--"}
                self.validation_lines_[name] = self._draw(self.validation_losses[name], look)
        self.ax_.set(xlabel="Iteration", ylabel="Loss")
        if log:
            self.ax_.set_yscale("log")
        self.ax_.legend()
        return self

    def _draw(self, losses, look):
        return self.ax_.plot(range(1, len(losses) + 1), losses, **look)[0]


class LossSurfaceDisplay:
    """Contours of the loss over two weights, with the path that a descent took [L15].

    The loss is the whole objective, mean loss plus penalty, as in `loss_curve_`. Where a model has
    more than two weights, the picture is a section: all other weights are held where the descent
    ended, and the path is projected on it.

    Make it with `from_estimator`; the constructor takes the numbers as they are.

    Parameters
    ----------
    xx0, xx1 : ndarray of shape (grid_resolution, grid_resolution)
        Values of the first and second weight on the grid.
    loss : ndarray of shape (grid_resolution, grid_resolution)
        Loss at each point of the grid.
    path : ndarray of shape (n_states, 2)
        The two weights at the start and after each iteration.
    names : pair of str, default=("w1", "w2")
        Names of the two weights.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where the surface is drawn.
    figure_ : matplotlib Figure
        The figure of `ax_`.
    surface_ : matplotlib QuadContourSet
        The filled contours.
    path_ : matplotlib Line2D
        The path.

    See Also
    --------
    LossCurveDisplay : The loss after each iteration.
    sklearn.inspection.DecisionBoundaryDisplay : The regions that a classifier finds.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.preprocessing import scale
    >>> from sklearn_lhy import GDLogisticRegression
    >>> from sklearn_lhy.inspection import LossSurfaceDisplay
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = GDLogisticRegression(solver="gd", tol=0.01)
    >>> display = LossSurfaceDisplay.from_estimator(model, scale(X[:, :2]), y, coef_init=[2, 3])
    >>> display.path[0]
    array([2., 3.])
    """

    def __init__(self, xx0, xx1, loss, path, names=("w1", "w2")):
        self.xx0 = xx0
        self.xx1 = xx1
        self.loss = loss
        self.path = path
        self.names = names

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X,
        y,
        sample_weight=None,
        *,
        weights=(0, 1),
        output=0,
        coef_init=None,
        intercept_init=None,
        limits=None,
        grid_resolution=60,
        ax=None,
        contour_kwargs=None,
        line_kwargs=None,
    ):
        """Fit a clone, keep every state of its descent, and draw path and surface.

        Parameters
        ----------
        estimator : GDLogisticRegression or SoftmaxGD
            Says how to descend and on what. It is neither fitted nor changed.
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training samples.
        y : array-like of shape (n_samples,)
            Labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples.
        weights : pair of int, default=(0, 1)
            The two weights to draw: columns of `coef_`, or -1 for the intercept.
        output : int, default=0
            The row of `coef_` and `intercept_` to which they belong; SoftmaxGD has one per class.
        coef_init, intercept_init : array-likes, default=None
            Where the descent starts, as in `fit`.
        limits : pair of pairs of float, default=None
            Least and greatest value of each of the two weights; by default what the path needs.
        grid_resolution : int, default=60
            Points of the grid in each direction.
        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.
        contour_kwargs : dict, default=None
            Keywords of `Axes.contourf`.
        line_kwargs : dict, default=None
            Keywords of `Axes.plot` for the path.

        Returns
        -------
        display : LossSurfaceDisplay
            What was drawn.

        Raises
        ------
        TypeError, ValueError
            For another estimator, or weights, an output, limits or a grid that cannot be drawn.
        """
        if not isinstance(estimator, LinearDescendingClassifier):
            raise TypeError(
                "LossSurfaceDisplay draws GDLogisticRegression and SoftmaxGD, got"
                f" {type(estimator).__name__}."
            )
        estimator = clone(estimator)
        objective, layers = _recorded_fit(
            estimator, X, y, sample_weight, coef_init=coef_init, intercept_init=intercept_init
        )
        d, m = layers[-1][0].W.shape
        _check_section(weights, output, limits, grid_resolution, d, m)
        path = np.array([np.append(layer.W[:, output], layer.b[output]) for (layer,) in layers])
        path = path[:, weights]
        limits = _limits(path) if limits is None else limits
        xx0, xx1 = np.meshgrid(*(np.linspace(*ends, grid_resolution) for ends in limits))
        loss = _section(objective, layers[-1], weights, output, xx0, xx1)
        display = cls(xx0, xx1, loss, path, _weight_names(estimator, weights))
        return display.plot(ax, contour_kwargs=contour_kwargs, line_kwargs=line_kwargs)

    def plot(self, ax=None, *, contour_kwargs=None, line_kwargs=None):
        """Draw the surface and the path, from a circle at the start to a star at the end.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.
        contour_kwargs : dict, default=None
            Keywords of `Axes.contourf`.
        line_kwargs : dict, default=None
            Keywords of `Axes.plot` for the path.

        Returns
        -------
        display : LossSurfaceDisplay
            Itself.
        """
        self.ax_ = pyplot("LossSurfaceDisplay").subplots()[1] if ax is None else ax
        self.figure_ = self.ax_.figure
        look = {"levels": 25, **(contour_kwargs or {})}
        if "colors" not in look:
            look.setdefault("cmap", "Blues_r")
        self.surface_ = self.ax_.contourf(self.xx0, self.xx1, self.loss, **look)
        self.ax_.contour(self.surface_, colors="white", linewidths=0.4)
        look = {"color": "#D55E00", "marker": ".", **line_look(line_kwargs)}
        (self.path_,) = self.ax_.plot(*self.path.T, **look)
        for point, marker, size in ((self.path[0], "o", 8), (self.path[-1], "*", 13)):
            ends = {"color": self.path_.get_color(), "markeredgecolor": "black"}
            self.ax_.plot(*point, marker=marker, markersize=size, **ends)
        self.ax_.set(xlabel=self.names[0], ylabel=self.names[1])
        return self


class _Recorder:
    """A solver that keeps the layers of every state."""

    def __init__(self, solver, seen):
        self.solver, self.seen = solver, seen

    def __getattr__(self, name):
        return getattr(self.solver, name)

    def start(self, layers, **resume):
        return self._keep(self.solver.start(layers, **resume))

    def step(self, state):
        return self._keep(self.solver.step(state))

    def _keep(self, state):
        self.seen.append(self.solver.layers(state))
        return state


def _recorded_fit(estimator, X, y, sample_weight, **init):
    """Fit, and give what was descended on and the layers at the start and after each iteration."""
    make_solver, problems, layers = estimator._solver, [], []

    def make_recorder(problem, *settings):
        problems.append(problem)
        return _Recorder(make_solver(problem, *settings), layers)

    estimator._solver = make_recorder
    estimator.fit(X, y, sample_weight, **init)
    while not np.array_equal(layers[-1][0].W.T, estimator.coef_):
        layers.pop()  # early stopping went back to an earlier state
    return stack_objective(problems[0]), layers


def _section(objective, layers, weights, output, xx0, xx1):
    """Evaluate the objective on the grid, all other weights as in the given layer."""
    (layer,) = layers
    V = np.vstack([layer.W, layer.b]).astype(float)  # (d + 1, m)
    loss = np.empty(xx0.shape)
    for place in np.ndindex(loss.shape):
        V[list(weights), output] = xx0[place], xx1[place]
        loss[place] = objective.value((Layer(V[:-1], V[-1]),))
    return loss


def _limits(path):
    """Leave room on all sides of the path."""
    low, high = path.min(axis=0), path.max(axis=0)
    room = 0.3 * (high - low)
    room[room == 0] = 1.0
    return np.stack([low - room, high + room], axis=1)


def _check_section(weights, output, limits, grid_resolution, d, m):
    """Refuse what cannot be drawn of m outputs with d weights and an intercept each."""
    if not _is_index(output) or not -m <= output < m:
        raise ValueError(f"output={output!r} must be an int: there are {m} rows of coef_.")
    places = list(weights) if np.iterable(weights) else []
    fits = [_is_index(place) and -1 <= place < d for place in places]
    if fits != [True, True] or places[0] == places[1]:
        raise ValueError(
            f"weights={weights!r} must be two different columns of coef_, which has {d}, or -1 for"
            " the intercept."
        )
    if limits is not None:
        try:
            ends = np.array(limits, dtype=float)
        except (TypeError, ValueError):
            ends = np.zeros(0)
        if ends.shape != (2, 2) or not np.isfinite(ends).all() or (ends[:, 0] >= ends[:, 1]).any():
            raise ValueError(
                f"limits={limits!r} must be two pairs of finite numbers, low and high, such as"
                " ((-1, 1), (0, 2))."
            )
    if not _is_index(grid_resolution) or grid_resolution < 2:
        raise ValueError(f"grid_resolution={grid_resolution!r} must be an int of at least 2.")


def _is_index(value):
    """Whether this is an int, and not a truth value that counts as one."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def _weight_names(estimator, weights):
    """Name the axes: by the feature of a weight if it has a name, b for the intercept."""
    d = estimator.n_features_in_
    names = getattr(estimator, "feature_names_in_", None)
    words = [f"$w_{{{i + 1}}}$" if names is None else f"w of {names[i]}" for i in range(d)]
    return tuple([*words, "$b$"][i] for i in weights)


def _last_step(estimator):
    """Give the estimator itself, or the last step of a Pipeline."""
    return estimator[-1] if isinstance(estimator, Pipeline) else estimator
