"""The one place that imports matplotlib, which is optional."""


def pyplot(caller):
    """matplotlib.pyplot, or an error that says what to install."""
    try:
        from matplotlib import pyplot as plt
    except ImportError as error:
        raise ImportError(
            f"{caller} needs matplotlib: install it with `python -m pip install matplotlib`."
        ) from error
    return plt


def line_look(keywords):
    """Keywords of a line by their long names, so that they replace ours."""
    from matplotlib import cbook, lines

    return cbook.normalize_kwargs(keywords, lines.Line2D)
