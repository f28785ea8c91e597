"""Does the suite notice when the code is broken? One line is broken at a time.

Each break is made in a copy of the package, and the tests named beside it run until one fails.

    python benchmarks/mutations.py [--only WORD]

"caught" means that a test failed; "MISSED" asks for a test.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
BREAKS = [  # module, what stands there, what stands there instead, tests that should mind
    # ---- steps 1 and 2
    ("_units", "P += 1\n", "P += 1.0000001\n", "core"),
    ("_units", "L + np.maximum(Z, 0)", "L + np.maximum(Z, -1)", "core"),
    ("_units", "E[np.arange(len(Z)), Z.argmax(axis=1)] = 0", "E += 0", "core"),
    ("_loss", "return A - Y * Z, P", "return A - 0.999 * Y * Z, P", "core"),
    ("_loss", "return P * (1 - P)", "return P * (1 - P) + 1e-3", "core linear"),
    ("_stack", "b * self.fit_intercept", "b", "core linear"),
    ("_stack", "R = (R @ layer.W.T) * A * (1 - A)", "R = (R @ layer.W.T) * A", "core"),
    ("_stack", "(len(self.share) / len(share))", "(1)", "core linear"),
    # ---- step 3
    ("_descent", "validation[-1] <= min(validation)", "True", "linear stacked"),
    ("_descent", "[min(curve[:-patience]), *curve", "[*curve", "resumption"),
    ("_descent", "stop = ended or ends(", "stop = ends(", "resumption"),
    ("_descent", "if state.stop:\n        yield", "if False:\n        yield", "resumption"),
    ("_descent", "known = known._replace(validation=[], kept=None)", "pass", "resumption"),
    ("_descent", "or value > 100 * (first + 1)", "", "linear"),
    (
        "_steps",
        "default_rng([self.seed, state.epochs])",
        "default_rng(self.seed)",
        "resumption linear core",
    ),
    ("_steps", "(1 - 0.999**t)", "1", "core linear"),
    ("_steps", "rate=state.rate / 2", "rate=state.rate", "linear"),
    ("_steps", "np.stack([0 * memory[0], memory[1]])", "memory * [[0], [1]]", "containers"),
    ("_steps", "magnitudes(X).T", "abs(X).T", "containers"),
    ("_steps", 'self.objective.value(layers) != saved["value"]', "False", "resumption"),
    ("_whitened", "D = D - part * change", "D = D - 0 * change", "linear core invariance"),
    ("_whitened", "lost = rate < 1 and", "lost = False and", "linear"),
    ("_whitened", "if end <= max(TRUSTED, 10 * objective.eps)", "if True", "linear"),
    ("_linear", '("solver", "fit_intercept")', '("solver",)', "resumption"),
    ("_linear_solver", "layers[-1]), FAR)", "layers[-1]), np.inf)", "linear"),
    ("_linear_solver", 'if value != saved["value"]', "if False", "resumption"),
    ("_linear_solver", 'past=tuple(map(tuple, saved["past"]))', "past=()", "resumption"),
    ("_linear_solver", "seen * self.objective.prior", "0 * self.objective.prior", "linear"),
    ("_stack_solver", 'if state.value != anchor["value"]', "if False", "resumption"),
    ("_stack_solver", 'for _ in range(saved["since"])', "for _ in range(0)", "resumption"),
    ("_stack_solver", ".sum(axis=0).max() < 0.01", ".max() < 0", "stacked"),
    ("_stack_solver", "(chosen and self.anew)", "False", "stacked"),
    ("_stack_solver", "self.weight = weight / unit", "self.weight = weight", "hostile"),
    ("_standard", "(b - self.centre @ W)", "(b + self.centre @ W)", "stacked"),
    ("_standard", "np.maximum(squares - mean**2, 0)", "squares", "stacked"),
    ("_standard", "vary.any() and not vary.all() and not sample", "not sample", "stacked"),
    ("_standard", "some else slice", "False else slice", "stacked"),
    ("_stack_sample", "R *= 1 - A", "R *= 1", "stacked"),
    ("_stack_sample", "G[0][-1] += root[:, 0] @ R", "pass", "stacked"),
    ("_stack_sample", "J = J - row_sum(P * J)", "pass", "stacked"),
    ("_stack_sample", "own += D[:, -1:]", "pass", "stacked"),
    ("_stack_solver", "min(self.following, MEMORY / self.part)", "0.0", "stacked"),
    ("_stack_solver", "min(self.following, MEMORY", "max(self.following, MEMORY", "stacked"),
    ("_stack_solver", "range(TRIES if self.stream else 1)", "range(1)", "stacked"),
    ("_start", "if is_one_class(Y):\n        return", "if False:\n        return", "stacked"),
    ("_stack_solver", 'plain["damping"], last)', 'plain["damping"])', "resumption"),
    ("_whitened_stack", "moves[1] = last[1]", "moves[1] = 0", "stacked"),
    ("_whitened_stack", "np.outer(slopes, slopes) / (2", "0 / (2", "stacked"),
    ("_whitened_stack", "if not gained > 0:\n        stop", "if False:\n        stop", "stacked"),
    ("_penalty_path", "STRONGEST = 1e12", "STRONGEST = np.inf", "hostile"),
    ("_start", "_explained(outputs, targets).argmax()", "0", "stacked"),
    # ---- rows
    ("_centred_rows", "G[:-1] -= np.outer(self.centre, G[-1])", "pass", "core"),
    ("_checks", "if not np.isfinite(second).all():", "if False:", "hostile"),
    ("_checks", "(size > 0) & (size < least ** (1 / power))", "size < 0", "hostile"),
    ("_rows", "(X - X[0]).std(axis=0)", "X.std(axis=0)", "hostile"),
    ("_rows", "scale[scale > 0].min(initial=1.0)", "scale.max()", "hostile"),
    # ---- the Gaussian model
    ("_gather", "    first = first / mass", "    first = 0.99 * first / mass", "moments"),
    ("_first_guess", "NEAR = 8", "NEAR = 800", "gaussian"),
    ("_first_guess", "NEARER = 4", "NEARER = 400", "gaussian"),
    ("_gather", "sums if total is None else", "sums if True else", "moments"),
    ("_gather", "np.subtract(rows, centre, out=A)", "np.add(rows, centre, out=A)", "moments"),
    ("_gaussians", "np.sqrt(np.vdot(corr, corr))", "1e-300", "gaussian"),
    ("gaussian", "if value is not default[name]", "if False", "gaussian"),
    ("_gather", "if not is_near(moments.mean,", "if False and (moments.mean,", "moments"),
    ("_gather", "if not dependent(least, *X.shape, K):", "if True:", "moments"),
    ("_first_guess", " and n >= enough(d, K)", "", "moments"),
    ("_first_guess", "NEAR if least > INDEPENDENT else NEARER", "NEAR", "gaussian"),
    ("_gather", "[*sizes, len(codes) - sum(sizes)]", "[*sizes, len(codes)]", "moments"),
    ("_gaussians", "if inflation(into, scaled) < EXACT:", "if True:", "gaussian"),
    ("_gaussians", "if not bound < EXACT and not inflation(W, Sigma) <", "if 1 >", "gaussian"),
    ("gaussian", "if not squares_fit(second, second.dtype):", "if False:", "hostile gaussian"),
    ("_gather", "sums.N.sum() or 1", "mass.sum()", "moments"),
    ("_moments", "share = b.N.sum() / max(", "share = b.N.max() / max(", "moments"),
    ("_gather", "mass += members @ ~unknown", "mass += members @ unknown", "moments"),
    ("_moments", "(1 - share) * x + share * y", "share * x + (1 - share) * y", "moments"),
    ("_gaussian_scores", "> rounding(model.centre)", ">= 0", "gaussian"),
    (
        "_gaussian_scores",
        "deviation = np.sqrt(np.diagonal(model.covariance",
        "deviation = 0 * np.sqrt(np.diagonal(model.covariance",
        "gaussian",
    ),
    ("_gaussian_model", "shrinkage is not None and moments.basis is not None", "False", "gaussian"),
    ("_gaussian_model", "(1 - share) * own + share * shared", "shared", "gaussian"),
    ("_posterior", '"feature_names_in_" in known', "False", "conformance"),
    ("_posterior", 'known.get("n_features_in_") == X.shape[1]', "True", "conformance"),
    ("_posterior", 'self._row_checks.get("ensure_all_finite", True)', "False", "conformance"),
    ("_checks", "labels.shape == X.shape[:1]", "True", "conformance"),
    (
        "_moments",
        "mean = a.mean + (b.mean - a.mean) *",
        "mean = a.mean + 0.999 * (b.mean - a.mean) *",
        "moments",
    ),
    ("_moments", "third = C + k * S_j", "third = C + S_j", "moments"),
    (
        "_gaussian_model",
        "d = max(1, np.count_nonzero(total > constant**2))",
        "d = len(total)",
        "hostile",
    ),
    ("_gaussians", "np.maximum(values, floor)", "values + floor", "gaussian"),
    ("_gaussians", " - 0.5 * whitener[0].shape[1] * LOG_2PI", "", "gaussian"),
    ("gaussian", "W[:, 1:] - W[:, :1]", "W[:, :1] - W[:, 1:]", "gaussian"),
    ("gaussian", "if not np.isclose(priors.sum(), 1):", "if False:", "gaussian hostile"),
    # ---- what goes in, and what stays
    ("_checks", "lowest = lowest.astype(np.int64)", "lowest = int(lowest)", "hostile"),
    ("_checks", "if np.ma.isMaskedArray(values):", "if False:", "hostile"),
    ("_checks", 'in {"m", "M"}', "in {}", "hostile"),
    ("_posterior", "    if np.isnan(Z).any():", "    if False:", "hostile"),
    ("_posterior", "if error is not None:", "if isinstance(error, Exception):", "resumption"),
    ("_posterior", "if version != __version__:", "if False:", "persistence"),
    ("_posterior", "        if flaw:", "        if False:", "persistence"),
    ("_posterior", "vars(twin).update(vars(self))", "twin.__setstate__(vars(self))", "callbacks"),
    ("_posterior", "Z.max(axis=1)", "Z.min(axis=1)", "gaussian hostile"),
    ("_compat", "<= total < np.inf", "<= total", "hostile"),
    ("_descending", "(factors >= 0).all()", "True", "hostile"),
    ("_descending", "y=codes, sample_weight=weight", "y=codes", "conformance linear"),
    ("_descending", "if self.warm_start and not stream else {}", "", "resumption"),
    ("_descending", "stop or iteration", "iteration", "callbacks"),
    ("_descending", "if spread > 1e4:", "if False:", "hostile"),
    ("_descending", "np.isfinite(W).all() or np.isnan(b)", "True or np.isnan(b)", "persistence"),
    ("_resume", 'not equal_layers(layers, memory["shown"])', "False", "resumption"),
    ("_linear", "problem.penalty > 1e3 * scale**2", "False", "linear"),
    ("stacked", "if found != sizes:", "if False:", "resumption"),
    (
        "stacked",
        'alpha = belief.get("alpha")',
        "alpha = None",
        "stacked resumption",
    ),
]


def main(only=None):
    """Make every break and print what became of it."""
    missed = 0
    for module, old, new, tests in BREAKS:
        if only and only not in f"{module} {old}":
            continue
        verdict = try_break(module, old, new, tests)
        missed += verdict != "caught"
        sys.stdout.write(f"{verdict:7} {module}: {old!r} -> {new!r}\n")
        sys.stdout.flush()
    sys.stdout.write(f"{missed} missed\n")


def try_break(module, old, new, tests):
    """Run the tests on a copy of the package with one line broken."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("sklearn_lhy", "tests", "benchmarks", "docs", "pyproject.toml"):
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            copy(ROOT / name, Path(folder, name))
        path = Path(folder, "sklearn_lhy", f"{module}.py")
        text = path.read_text(encoding="utf-8")
        if text.count(old) != 1:
            return "STALE"  # this line is no longer there, or not alone
        path.write_text(text.replace(old, new), encoding="utf-8")
        files = [f"tests/test_{name}.py" for name in tests.split()] or ["tests"]
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *files]
        environment = {**os.environ, "PYTHONPATH": folder}
        run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
    return "caught" if run.returncode == 1 else "MISSED"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", help="part of a module's name or of the line")
    main(parser.parse_args().only)
