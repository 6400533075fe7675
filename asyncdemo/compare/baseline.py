"""Earlier results to set new ones beside: `--baseline FILE`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asyncdemo.compare.cells import Cell
from asyncdemo.compare.journal import SCHEMA, read
from asyncdemo.compare.machine import differing
from asyncdemo.compare.result import Standing, Verdict
from asyncdemo.compare.statistics import ratio
from asyncdemo.errors import USAGE, AsyncdemoError


@dataclass(frozen=True, slots=True)
class Row:
    """One row of earlier results: what was run, as `Cell.described` says it, how long each run took, and where."""

    described: Mapping[str, Any]
    wall_ns: tuple[int, ...]
    machine: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Baseline:
    """Earlier results.

    Attributes:
        path: the file.
        env: what they were measured on.
        clock: `real` or `virtual`.
        rows: one for each cell that has runs.
    """

    path: str
    env: Mapping[str, Any]
    clock: str
    rows: tuple[Row, ...]

    def check(self, cells: Sequence[Cell], clock: str) -> None:
        """Does nothing when there is a row for each of `cells`.

        Raises:
            AsyncdemoError: there is none, or its clock was another; says what differs (exit code 2).
        """
        if clock != self.clock:
            raise self._other(f"its clock is {self.clock}, this one {clock}")
        for cell in cells:
            if self._row(cell) is None:
                raise self._other(self._difference(cell))

    def verdict(self, standing: Standing) -> Verdict:
        """How many times faster than its row in the baseline a cell is."""
        row = self._row(standing.cell)
        before = row.wall_ns if row else ()
        return Verdict(standing.subject, standing.subject, ratio(before, standing.wall_ns, paired=False))

    def elsewhere(self, standings: Sequence[Standing], env: Mapping[str, Any]) -> list[str]:
        """What machines, `env` where a row says no other, differ in from where the baseline was measured, in words."""
        rows = ((standing.machine or env, self._row(standing.cell)) for standing in standings)
        reasons = (each for here, row in rows for each in differing(here, (row and row.machine) or self.env))
        return list(dict.fromkeys(reasons))

    def _row(self, cell: Cell) -> Row | None:
        return next((row for row in self.rows if row.described == cell.described()), None)

    def _difference(self, cell: Cell) -> str:
        here = cell.described()
        alike = [row.described for row in self.rows if row.described["name"] == here["name"]]
        if not alike:
            names = sorted({row.described["name"] for row in self.rows})
            return f"it has no {here['name']}, only {', '.join(names)}"
        nearest = min((_differences(here, there) for there in alike), key=len)
        return f"{here['name']} has there {', '.join(nearest)}"

    def _other(self, reason: str) -> AsyncdemoError:
        return AsyncdemoError(
            f"--baseline {self.path} is of other parameters: {reason}.\nMeasure the same again, or name another file.",
            USAGE,
        )


def tripped(verdict: Verdict, percent: float) -> bool:
    """Whether a row is slower than its baseline by more than `percent`, and measurably so."""
    slower = verdict.ratio.times < 1 / (1 + percent / 100)
    return slower and verdict.ratio.different is not False


def load(path: str) -> Baseline:
    """Results that `--export-json`, `--json` or `--resume` wrote.

    Raises:
        AsyncdemoError: the file cannot be read, or is something else (exit code 2).
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise AsyncdemoError(f"--baseline {path} cannot be read: {reason}.", USAGE) from error
    try:
        if text.startswith(f'{{"schema":"{SCHEMA}"'):
            return _of_journal(path)
        return _of_document(path, json.loads(text))
    except (AsyncdemoError, ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise AsyncdemoError(
            f"--baseline {path} is no result of asyncdemo's.\nName a file that --export-json wrote.", USAGE
        ) from error


def _of_journal(path: str) -> Baseline:
    head, runs, _ = read(path)
    walls: list[list[int]] = [[] for _ in head["cells"]]
    machines: dict[int, Any] = {}
    for run in runs:
        if "machine" in run:
            walls[run["cell"]] = [wall_ns for wall_ns, *_ in run["runs"]]
            machines[run["cell"]] = run["machine"]
        elif "wall_ns" in run:
            walls[run["cell"]].append(run["wall_ns"])
    cells = [{**cell, "machine": machines.get(index)} for index, cell in enumerate(head["cells"])]
    return Baseline(path, head["env"], head["clock"], _rows(cells, walls))


def _of_document(path: str, found: Mapping[str, Any]) -> Baseline:
    about = found.get("asyncdemo", found)
    if "results" in found:
        walls = [[round(seconds * 1e9) for seconds in each["times"]] for each in found["results"]]
    else:
        walls = [[run["wall_ns"] for run in each["runs"]] for each in found["subjects"]]
    cells = [{**each, "loop": each["runs_on"]} for each in about["subjects"]]
    return Baseline(path, about["env"], about["env"]["clock"], _rows(cells, walls))


def _rows(cells: Sequence[Mapping[str, Any]], walls: Sequence[Sequence[int]]) -> tuple[Row, ...]:
    return tuple(
        Row({name: cell[name] for name in ("name", "params", "loop")}, tuple(wall), cell.get("machine"))
        for cell, wall in zip(cells, walls, strict=True)
        if wall
    )


def _differences(here: Mapping[str, Any], there: Mapping[str, Any]) -> list[str]:
    found = [
        f"{name} {there['params'].get(name)}, not {here['params'].get(name)}"
        for name in {**here["params"], **there["params"]}
        if there["params"].get(name) != here["params"].get(name)
    ]
    return found + ([f"the loop {there['loop']}, not {here['loop']}"] if here["loop"] != there["loop"] else [])
