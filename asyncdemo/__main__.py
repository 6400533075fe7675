"""`python -m asyncdemo`, and the `asyncdemo` script."""

from __future__ import annotations

import sys


def main() -> None:
    """Runs the command line and ends the process with its exit code."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        # Everything else costs many times what this answer should.
        from asyncdemo import __version__

        sys.stdout.write(f"asyncdemo {__version__}\n")
        return
    try:
        from asyncdemo.cli.main import run
    except KeyboardInterrupt:  # as `run` answers it later
        sys.exit(130)
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
