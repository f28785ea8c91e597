"""Softmax regression, K units side by side, by gradient descent on cross-entropy [L22, L23]."""

import numpy as np

from sklearn_lhy._compat import fit_context
from sklearn_lhy._linear import LinearDescendingClassifier
from sklearn_lhy._loss import CATEGORICAL_CROSS_ENTROPY


class SoftmaxGD(LinearDescendingClassifier):
    """Softmax regression (multinomial logistic regression) found by gradient descent.

    Scores z_k = w_k.x + b_k become probabilities by softmax [L22]; the weights minimise
    cross-entropy [L23] plus an L2 penalty, the objective of scikit-learn's LogisticRegression.
    There is a row of weights for each class, also for two classes. Softmax does not see what all
    scores share: at the optimum, and with the default solver, the rows sum to zero. On two classes
    SoftmaxGD(C) gives the probabilities of GDLogisticRegression(2 * C): its rows are -w / 2 and
    w / 2, whose penalty is half of ``|w|^2 / 2``.

    Parameters
    ----------
    C : float, default=1.0
        Inverse strength of the L2 penalty; `np.inf` for none. The objective is that of
        scikit-learn's LogisticRegression: C * sum of weighted losses + ``|coef_|^2 / 2``.
    solver : {"whitened", "gd", "momentum", "adagrad", "rmsprop", "adam"}, default="whitened"
        How a step is proposed. "whitened" is gradient descent in the metric of the inputs' second
        moment, in which the rate is 1, corrected by what the last steps have shown of the
        curvature; it ignores `learning_rate` and `batch_size`. The others are the rules of the
        lecture, which honour both to the letter.
    learning_rate : "auto" or float > 0, default="auto"
        Rate eta of the lecture's rules, applied to the gradient of the mean loss: the slides sum
        over samples, so their eta is this one divided by n. "auto" finds a rate that never lets the
        objective rise from one iteration to the next.
    batch_size : int, default=None
        Rows of a mini-batch of the lecture's rules; None takes all rows at once. On Dask input a
        mini-batch is a block.
    max_iter : int, default=1000
        Most iterations, each one pass over the rows.
    tol : float, default=1e-7
        "whitened" stops when the slope, the length of the gradient in its metric, is well below
        `tol`. The other solvers stop when no entry of the gradient exceeds it, or when the
        objective has not fallen by `tol` within `n_iter_no_change` iterations.
    fit_intercept : bool, default=True
        Whether there is an intercept. It is not penalised.
    class_weight : dict or "balanced", default=None
        Factors for the weights of each class, as in LogisticRegression.
    early_stopping : bool, default=False
        Whether to stop when the loss on validation data has not fallen by `tol` within
        `n_iter_no_change` iterations, and keep the weights where it was lowest.
    validation_fraction : float, default=0.1
        Share of each class set aside for early stopping when no validation data are given to `fit`.
    n_iter_no_change : int, default=5
        Iterations without improvement before stopping.
    warm_start : bool, default=False
        Whether `fit` goes on from the last solution. On the same data, with an int as
        `random_state`, ten iterations and ten more are twenty, bit for bit, also after pickling.
    random_state : int, RandomState instance or None, default=None
        Source of the mini-batches and of the split for early stopping. Without these, results do
        not depend on it.
    verbose : int, default=0
        Whether to print a line for each iteration.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels.
    coef_ : ndarray of shape (n_classes, n_features)
        Weights w.
    intercept_ : ndarray of shape (n_classes,)
        Intercepts b.
    loss_curve_ : list of float
        Objective after each iteration, divided by C and by the sum of weights: mean loss plus
        penalty.
    validation_loss_curve_ : list of float or None
        Mean loss on the validation data after each iteration.
    n_iter_ : int
        Iterations.
    converged_ : bool
        Whether the descent ended by itself.
    stop_reason_ : str
        "tol", "no_change", "early_stopping", "precision" (what is left to gain is rounding),
        "max_iter" or "callback"; "closed form" of a generative model's `to_logistic`.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, when X has names that are strings.

    See Also
    --------
    GDLogisticRegression : A single unit for two classes.
    GaussianGenerativeClassifier : The same function set, weights in closed form.
    StackedLogisticMLP : Units that feed units.

    References
    ----------
    .. [1] Hung-yi Lee, "Logistic Regression", lecture slides L22 and L23.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_lhy import SoftmaxGD
    >>> X, y = load_iris(return_X_y=True)
    >>> clf = SoftmaxGD().fit(X, y)
    >>> clf.coef_.shape
    (3, 4)
    >>> round(clf.score(X, y), 3)
    0.973
    """

    def __init__(
        self,
        C=1.0,
        *,
        solver="whitened",
        learning_rate="auto",
        batch_size=None,
        max_iter=1000,
        tol=1e-7,
        fit_intercept=True,
        class_weight=None,
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=5,
        warm_start=False,
        random_state=None,
        verbose=0,
    ):
        self.C = C
        self.solver = solver
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.tol = tol
        self.fit_intercept = fit_intercept
        self.class_weight = class_weight
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.warm_start = warm_start
        self.random_state = random_state
        self.verbose = verbose

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X,
        y,
        sample_weight=None,
        *,
        coef_init=None,
        intercept_init=None,
        X_val=None,
        y_val=None,
        sample_weight_val=None,
    ):
        """Fit the weights by descent.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training samples. Not changed, and copied only where they are few. A Dask array or
            dataframe, with y and weights of Dask, is fitted where it is, and predictions for one
            are lazy arrays.
        y : array-like of shape (n_samples,)
            Class labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights; a weight of 2 counts like two equal samples.
        coef_init : array-like of shape (n_classes, n_features), default=None
            Weights to start from; the solver "whitened" starts at zero where these are far worse.
        intercept_init : array-like of shape (n_classes,), default=None
            Intercepts to start from.
        X_val, y_val, sample_weight_val : array-likes, default=None
            Validation data, watched after each iteration and used by `early_stopping`.

        Returns
        -------
        self : object
            The fitted classifier.

        Raises
        ------
        ValueError
            If the data are unfit (one class only, for example) or a given
            learning rate lets the descent diverge.
        """
        return self._fit(
            X, y, sample_weight, (coef_init, intercept_init), (X_val, y_val, sample_weight_val)
        )

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Learn from more rows, which may be dropped afterwards.

        The solver "whitened" takes what it has learnt as the prior of these rows: the posterior of
        the weights is kept as a Gaussian (Laplace's approximation), so that a stream ends near
        `fit` on all rows. Each part should hold rows of every class: one that does not says only
        that the others are rare. Where classes of a part can be separated, a large C lets its
        weights grow without bound: keep C finite. The lecture's rules take one iteration.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training samples.
        y : array-like of shape (n_samples,)
            Class labels.
        classes : array-like of shape (n_classes,), default=None
            All labels that will ever occur; needed in the first call only.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights.

        Returns
        -------
        self : object
            The classifier.
        """
        return self._partial_fit(X, y, classes, sample_weight)

    def _targets(self, codes):
        return codes[:, None] == np.arange(len(self.classes_))

    def _loss(self):
        return CATEGORICAL_CROSS_ENTROPY
