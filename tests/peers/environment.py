"""An environment of their own for asyncdemo and the tools that it is measured next to."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.bench.measure import PROJECT

PEERS = ("viztracer", "asyncviz")
NEWEST = ("3.13", "3.12")
"""asyncviz needs 3.12 or later."""


def make(folder: Path) -> Path:
    """The folder with the programs of an environment that has all three; made at the first call.

    Raises:
        RuntimeError: there is no interpreter that is new enough, or the packages cannot be had.
    """
    programs, made = folder / "bin", folder / ".made"
    if made.exists():
        return programs
    python = next(_interpreters(), None)
    if python is None:
        raise RuntimeError(f"asyncviz needs Python {NEWEST[-1]} or later, which is not on this machine")
    print(f"making {folder} with {python} (once)", file=sys.stderr)
    _run(python, "-m", "venv", "--clear", str(folder))
    _run(str(programs / "python"), "-m", "pip", "-qq", "install", "--editable", str(PROJECT), *PEERS)
    made.touch()
    return programs


def _interpreters() -> Iterator[str]:
    """Interpreters that are new enough: this one, then those on the path, then pyenv's."""
    if sys.version_info >= (3, 12):
        yield sys.executable
    for version in NEWEST:
        found = [
            shutil.which(f"python{version}"),
            *map(str, Path.home().glob(f".pyenv/versions/{version}.*/bin/python")),
        ]
        # A shim of pyenv's may have nothing behind it.
        yield from (each for each in found if each and _is_sound(each))


def _is_sound(python: str) -> bool:
    return subprocess.run([python, "-c", "import venv, ensurepip"], capture_output=True, check=False).returncode == 0


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, check=False, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()[-400:]}")
