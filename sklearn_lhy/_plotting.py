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
