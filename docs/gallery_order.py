"""The order of the gallery's pages: that of the lecture, then data, then scikit-learn's parts."""

ORDER = [
    "plot_linear_regression.py",
    "plot_gaussian_borders.py",
    "plot_cross_entropy_square_error.py",
    "plot_learning_rate.py",
    "plot_generative_discriminative.py",
    "plot_softmax_regions.py",
    "plot_xor.py",
    "plot_neuron.py",
    "plot_pokemon.py",
    "plot_homework2.py",
    "plot_scikit_learn_parts.py",
    "plot_streaming.py",
    "plot_readme.py",
]


class LectureOrder:
    """Key of a file name; names that are not listed come last."""

    def __init__(self, src_dir):
        pass

    def __call__(self, name):
        """Place in the order."""
        return ORDER.index(name) if name in ORDER else len(ORDER)
