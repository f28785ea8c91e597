"""scikit-learn classifiers on the road from logistic regression to neural networks.

Hung-yi Lee's lecture as estimators: two Gaussians give a posterior sigma(w.x + b)
(`GaussianGenerativeClassifier`), gradient descent finds w and b directly (`GDLogisticRegression`),
softmax serves K classes (`SoftmaxGD`), and units that feed units are a neural network
(`StackedLogisticMLP`). `compare` puts them beside scikit-learn's own.
"""

from sklearn_lhy._gaussian_search import gaussian_grid_search
from sklearn_lhy._version import __version__
from sklearn_lhy.comparison import compare
from sklearn_lhy.gaussian import GaussianGenerativeClassifier
from sklearn_lhy.logistic import GDLogisticRegression
from sklearn_lhy.softmax import SoftmaxGD
from sklearn_lhy.stacked import StackedLogisticMLP

__all__ = [
    "GDLogisticRegression",
    "GaussianGenerativeClassifier",
    "SoftmaxGD",
    "StackedLogisticMLP",
    "__version__",
    "compare",
    "gaussian_grid_search",
]
