"""Settings that must stand before scikit-learn and scipy are imported."""

import os

import pytest

os.environ["SCIPY_ARRAY_API"] = "1"  # without it check_array_api_input is skipped in silence
os.environ.setdefault("MPLBACKEND", "Agg")


def pytest_configure(config):
    """Let scikit-learn 1.7 hand a generator to parametrize, of which pytest 9 warns."""
    if hasattr(pytest, "PytestRemovedIn10Warning"):
        config.addinivalue_line("filterwarnings", "ignore::pytest.PytestRemovedIn10Warning")
