"""The file that `--resume` names: every run as soon as it was made, so that an interrupted sweep goes on where it was.

A line of JSON each: a head that says what is measured, then the runs. The head appears at once or not at all; a line
that was cut off, as a full disk does it, is not counted and is removed before more is written.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

from asyncdemo.compare.cells import Cell
from asyncdemo.compare.files import check, replace
from asyncdemo.compare.machine import differing
from asyncdemo.compare.report import Report, Run
from asyncdemo.compare.result import Watched
from asyncdemo.compare.runs import Measured, Series
from asyncdemo.errors import USAGE, AsyncdemoError

SCHEMA = "asyncdemo-runs/1"


class Journal:
    """Runs that are kept in a file.

    Attributes:
        series: the runs of each cell that the file has.
        watched: what extra runs told, by the cell's index.
        machines: what a cell was measured on, by its index, where that was done somewhere else.
        seed: the seed that the measuring began with.
    """

    def __init__(self, path: str, head: Mapping[str, Any], cells: int) -> None:
        self.series = [Series() for _ in range(cells)]
        self.watched: dict[int, Watched] = {}
        self.machines: dict[int, Mapping[str, Any]] = {}
        self.seed: int | None = head["seed"]
        self._path = path
        self._file = -1

    @classmethod
    def begun(
        cls,
        path: str,
        cells: Sequence[Cell],
        env: Mapping[str, Any],
        seed: int | None,
        clock: str,
        *,
        elsewhere: bool = False,
    ) -> Self:
        """The journal in a file, which is made when it is not there; of cells that are measured here, or `elsewhere`.

        Raises:
            AsyncdemoError: the file cannot be written or is none (exit code 2), or is of something else.
        """
        head = {
            "schema": SCHEMA,
            "clock": clock,
            "seed": seed,
            "env": dict(env),
            "elsewhere": elsewhere,
            "cells": [{"subject": str(cell.subject), **cell.described()} for cell in cells],
        }
        check("--resume", path, force=True)
        if not Path(path).exists():
            replace("--resume", path, _line(head))
        found, runs, whole = read(path)
        _check_same(path, found, json.loads(_line(head)))
        journal = cls(path, found, len(cells))
        try:
            for run in runs:
                journal._take(run)
        except (KeyError, IndexError, TypeError, OverflowError):
            raise AsyncdemoError(f"--resume {path} is damaged.\nName another file.") from None
        journal._open(whole)
        return journal

    def keep(self, index: int, measured: Measured) -> None:
        """Write down a run of the cell with that index."""
        self._write(
            {
                "cell": index,
                "wall_ns": measured.wall_ns,
                "cpu_ns": measured.cpu_ns,
                "system_ns": measured.system_ns,
            }
        )

    def keep_watched(self, index: int, watched: Watched) -> None:
        """Write down what extra runs of the cell with that index told."""
        self._write({"cell": index, "extra_runs": asdict(watched)})

    def keep_report(self, index: int, report: Report) -> None:
        """Write down all that was measured of the cell with that index somewhere else; it takes the earlier's place."""
        self._write({"cell": index, **report.described()})

    def close(self) -> None:
        """Write no more."""
        os.close(self._file)

    def _take(self, run: Mapping[str, Any]) -> None:
        index = run["cell"]
        if "machine" in run:
            report = Report.read(run)
            self.series[index], self.machines[index] = report.series, report.machine
            if report.watched:
                self.watched[index] = report.watched
        elif "extra_runs" in run:
            self.watched[index] = Watched(**run["extra_runs"])
        else:
            self.series[index].add(Run(run["wall_ns"], run["cpu_ns"], run["system_ns"]))

    def _open(self, whole: int) -> None:
        self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0))
        os.ftruncate(self._file, whole)

    def _write(self, run: Mapping[str, Any]) -> None:
        # One call of the system a line, so that a killed process leaves whole lines.
        line = _line(run)
        try:
            short = os.write(self._file, line) < len(line)
        except OSError as error:
            raise self._full(error.strerror or "") from error
        if short:
            raise self._full("No space left on device")

    def _full(self, reason: str) -> AsyncdemoError:
        return AsyncdemoError(
            f"--resume {self._path} could not be written: {reason}.\nWhat it holds is kept: make room, then go on."
        )


def read(path: str) -> tuple[dict[str, Any], list[dict[str, Any]], int]:
    """The head of a journal, its runs, and how many bytes of the file are whole lines.

    Raises:
        AsyncdemoError: the file cannot be read, or is no journal (exit code 2).
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise AsyncdemoError(f"{path} cannot be read: {error.strerror}.", USAGE) from error
    whole = data.rfind(b"\n") + 1
    try:
        head, *runs = map(json.loads, data[:whole].splitlines())
        known = head["schema"] == SCHEMA
    except (ValueError, TypeError, KeyError):
        known = False
    if not known:
        raise AsyncdemoError(
            f"{path} is no file of runs.\nName one that --resume began, or one that is not there yet.", USAGE
        )
    return head, runs, whole


def _check_same(path: str, found: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
    places = ["on a cluster" if each.get("elsewhere") else "on this machine" for each in (asked, found)]
    # What is measured elsewhere says of itself where that was.
    reasons = [] if asked["elsewhere"] else differing(asked["env"], found["env"])
    if places[0] != places[1]:
        reasons.insert(0, f"{places[0]} here and {places[1]} there")
    if found["clock"] != asked["clock"]:
        reasons.append(f"--clock is {asked['clock']} here and {found['clock']} there")
    if found["cells"] != asked["cells"]:
        reasons.append(_other_cells(found["cells"], asked["cells"]))
    if reasons:
        raise AsyncdemoError(
            f"--resume {path} is of another measurement: {reasons[0]}.\nGive the same command, or another file.", USAGE
        )


def _other_cells(found: Sequence[Mapping[str, Any]], asked: Sequence[Mapping[str, Any]]) -> str:
    if len(found) != len(asked):
        return f"{len(asked)} rows here and {len(found)} there"
    here, there = next((here, there) for here, there in zip(asked, found, strict=True) if here != there)
    if here["subject"] != there["subject"] or here["loop"] != there["loop"]:
        return f"{here['subject']} on {here['loop']} here and {there['subject']} on {there['loop']} there"
    name = next(each for each in here["params"] if here["params"][each] != there["params"].get(each))
    return f"{here['subject']} has {name} {here['params'][name]} here and {there['params'].get(name)} there"


def _line(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode("ascii") + b"\n"
