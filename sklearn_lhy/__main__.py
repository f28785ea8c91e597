"""Compare the classifiers with scikit-learn's on real data: `python -m sklearn_lhy --help`."""

import argparse
import importlib.util
import io
import sys
from pathlib import Path

from sklearn_lhy import __version__
from sklearn_lhy._csv import read_csv
from sklearn_lhy.comparison import compare

PROGRAM = "python -m sklearn_lhy"
PICTURES = (".png", ".svg", ".pdf")


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        """Say what is wrong in one line, without the usage, and leave with exit code 2."""
        self.exit(2, f"{PROGRAM}: error: {' '.join(message.split())}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog=PROGRAM,
        description="Cross-validate the four classifiers of sklearn_lhy beside their scikit-learn "
        "counterparts, by default on the breast cancer, wine and digits data of scikit-learn.",
        epilog="A cell that is empty or holds ?, NA, N/A, NaN or null is missing. Columns of texts "
        "become categories.",
    )
    add = parser.add_argument
    add("--version", action="version", version=f"sklearn_lhy {__version__}")
    add("--data", metavar="FILE.csv", help="table with a header; separated by , ; tab or |")
    add("--target", metavar="COLUMN", help="the column of FILE.csv that holds the classes")
    add(
        "--categorical",
        metavar="COLUMN",
        action="append",
        default=[],
        help="treat this column of numbers as categories (may be given several times)",
    )
    add("--cv", type=int, default=5, metavar="N", help="number of folds (default 5)")
    add("--raw", action="store_true", help="leave numbers as they are: no StandardScaler")
    add("--seed", type=int, default=0, help="seed of folds and classifiers (default 0)")
    add("--jobs", type=int, metavar="N", help="folds at the same time; makes times less exact")
    add("--json", metavar="PATH", help="write all figures, fold by fold, to this file")
    add("--plot", metavar="PATH", help="draw the figures into this file, such as out.png")
    add("--quiet", action="store_true", help="no progress on stderr")
    return parser


def _check_arguments(args):
    """Refuse before the work starts what would spoil its end."""
    if args.data is None and (args.target is not None or args.categorical):
        raise ValueError("--target and --categorical need --data.")
    if args.data is not None and args.target is None:
        raise ValueError("--data needs --target, the name of the column that holds the classes.")
    if args.cv < 2:
        raise ValueError(f"--cv {args.cv}: at least 2 folds are needed.")
    if not 0 <= args.seed < 2**32:
        raise ValueError(f"--seed {args.seed}: an integer from 0 to 4294967295 is needed.")
    if args.jobs == 0:
        raise ValueError("--jobs 0: a positive number is needed, or -1 for all cores.")
    for path in filter(None, [args.json, args.plot]):
        if Path(path).is_dir() or not Path(path).absolute().parent.is_dir():
            raise ValueError(f"cannot write {path}: no such directory, or it is one.")
    paths = [Path(path).resolve() for path in (args.data, args.json, args.plot) if path]
    if len(set(paths)) < len(paths):
        raise ValueError("--data, --json and --plot must name different files.")
    if args.plot and Path(args.plot).suffix.lower() not in PICTURES:
        raise ValueError(f"--plot {args.plot}: the name must end in {', '.join(PICTURES)}.")
    if args.plot and importlib.util.find_spec("matplotlib") is None:
        raise ValueError(
            "--plot needs matplotlib: install it with `python -m pip install matplotlib`."
        )


def _compare(args):
    options = {
        "cv": args.cv,
        "random_state": args.seed,
        "n_jobs": args.jobs,
        "verbose": not args.quiet,
        "preprocessor": "passthrough" if args.raw else "scale",
    }
    if args.data is None:
        return compare(**options)
    table = read_csv(args.data, args.target, args.categorical, scale=not args.raw)
    options |= {"preprocessor": table.preprocessor, "notes": table.notes}
    return compare(table.X, table.y, name=Path(args.data).name, **options)


def main(argv: list[str] | None = None) -> int:
    """Run the command; 0 when it is done, 2 for bad input, 130 when interrupted."""
    parser = _parser()
    args = parser.parse_args(argv)
    try:
        _check_arguments(args)
        result = _compare(args)
        if isinstance(sys.stdout, io.TextIOWrapper):  # a caller may have put another stream there
            sys.stdout.reconfigure(errors="replace")
        print(result)
        if args.json:
            result.to_json(args.json)
        if args.plot:
            result.plot().savefig(args.plot, dpi=150)
    except OSError as error:
        parser.error(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except ValueError as error:
        parser.error(str(error))
    except KeyboardInterrupt:
        parser.exit(130, "\ninterrupted\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
