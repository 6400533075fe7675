"""`python -m asyncdemo.cli.measuring.cell`: measures one cell, told on stdin, and prints what was measured.

It ends when stdin is closed, for then nobody waits for its answer.
"""

from __future__ import annotations

import json
import os
import sys
from threading import Thread
from typing import Any

from asyncdemo import catalog, compare
from asyncdemo.cli.measuring.contender import ConceptContender
from asyncdemo.cli.measuring.runs import Runs
from asyncdemo.cli.run_options import RunOptions
from asyncdemo.errors import AsyncdemoError
from asyncdemo.subjects import Subject


def main() -> None:
    """Reads a cell as `spreading` writes it, measures it and prints a report, or what went wrong."""
    job = json.loads(sys.stdin.buffer.readline())
    Thread(target=_end_with_stdin, daemon=True).start()
    # Only the answer goes to stdout, whatever the concept prints, and when.
    answers = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    try:
        answer = measured(job).described()
    except AsyncdemoError as error:
        answer = {"error": error.message, "exit_code": error.exit_code}
    with open(answers, "w", encoding="ascii") as file:
        json.dump(answer, file)


def measured(job: dict[str, Any]) -> compare.Report:
    """What was measured of a cell.

    Raises:
        AsyncdemoError: a run failed, or what it needs is not available here (exit code 3).
    """
    contender = _contender(job)
    runs, series = Runs([contender], RunOptions(clock=job["clock"], seed=job["seed"])), compare.Series()
    with runs.served():
        compare.run([contender.cell], runs.timed, compare.Plan(**job["plan"]), series=[series])
        watched = runs.watched(contender.cell) if job["watched"] else None
    return compare.Report(compare.environment(), series, watched)


def _contender(job: dict[str, Any]) -> ConceptContender:
    name, options, loop = job["subject"]
    cell = compare.Cell(Subject(name, options, loop), job["params"], job["loop"])
    return ConceptContender(cell, catalog.find(name), job["params"])


def _end_with_stdin() -> None:
    # Not through `sys.stdin`, whose lock the interpreter would want when it ends.
    os.read(0, 1)
    os._exit(1)


if __name__ == "__main__":
    main()
