"""Settings that must stand before scikit-learn and scipy are imported."""

import os

os.environ["SCIPY_ARRAY_API"] = "1"  # without it check_array_api_input is skipped in silence
os.environ.setdefault("MPLBACKEND", "Agg")
