"""Measuring as the options say, and the files that keep what was measured."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace

from asyncdemo import __version__, compare, quantities
from asyncdemo.cli import terminal
from asyncdemo.cli.measuring import spreading
from asyncdemo.cli.measuring.contender import Contender
from asyncdemo.cli.measuring.options import Wanted
from asyncdemo.cli.measuring.runs import Runs
from asyncdemo.cli.run_options import RunOptions
from asyncdemo.cli.session import check_files
from asyncdemo.compare import files, formats
from asyncdemo.errors import TIMED_OUT, AsyncdemoError
from asyncdemo.run.interrupts import Interrupts

_SHARE = 50
"""Writing the exports again waits until measuring has taken so many times as long as writing them did."""


class Bench:
    """Measures contenders as the options say.

    Args:
        command: `compare` or `bench`.
        measured: what to measure.
        wanted: the measuring options.
        options: the run options.

    Raises:
        AsyncdemoError: a file cannot be written or is of something else: found before anything is run.
    """

    def __init__(self, command: str, measured: Sequence[Contender], wanted: Wanted, options: RunOptions) -> None:
        self._command = command
        self._contenders = measured
        self._cells = [each.cell for each in measured]
        self._runs = Runs(measured, options)
        self._wanted = wanted
        self._options = options
        self._pictures: list[compare.Picture] = []
        self._spreading: spreading.Spread | None = None
        self._written_s = time.monotonic()
        self._writing_s = 0.0
        self.env = {**compare.environment(), "loops": [cell.loop for cell in self._cells], "clock": options.clock}
        check_files(options)
        for name, path in wanted.exports.items():
            files.check(f"--export-{name}", path, force=options.force)
        if wanted.baseline:
            wanted.baseline.check(self._cells, options.clock)
        self._journal = self._resumed()
        self._series = self._journal.series if self._journal else [compare.Series() for _ in self._cells]
        self._watched = self._journal.watched if self._journal else {}
        self._machines = self._journal.machines if self._journal else {}

    def _resumed(self) -> compare.Journal | None:
        wanted, options = self._wanted, self._options
        if wanted.resume is None:
            return None
        return compare.Journal.begun(
            wanted.resume,
            self._cells,
            self.env,
            wanted.plan.seed,
            options.clock,
            elsewhere=wanted.cluster is not None,
        )

    def run(self, *, pictures: bool = False, watched: bool = False) -> compare.Comparison:
        """Measures, writes what was measured to the exports, and returns what was found.

        Args:
            pictures: whether to run each once more under the recorder, for its timeline.
            watched: whether to run each again for the figures that cannot be had without disturbing the times.

        Raises:
            AsyncdemoError: a run failed, or a file could not be written, or it took too long (exit code 124).
        """
        try:
            with _in_time(self._options.timeout, self._farewell):
                if self._wanted.cluster:
                    self._spread(self._wanted.cluster, watched=watched)
                else:
                    self._measure(pictures=pictures, watched=watched)
        finally:
            if self._journal:
                self._journal.close()
            self._export()
        return self._comparison()

    def _measure(self, *, pictures: bool, watched: bool) -> None:
        with self._runs.served():
            compare.run(
                self._cells, self._runs.timed, self._plan(), series=self._series, keep=self._keep, progress=_progress
            )
            if pictures:
                self._pictures = [self._runs.picture(cell) for cell in self._cells]
            for index, cell in enumerate(self._cells if watched else ()):
                if index not in self._watched:
                    self._watched[index] = self._runs.watched(cell)
                    if self._journal:
                        self._journal.keep_watched(index, self._watched[index])

    def _plan(self) -> compare.Plan:
        if self._journal and self._journal.seed is not None:
            return replace(self._wanted.plan, seed=self._journal.seed)
        return self._wanted.plan

    def _keep(self, index: int, measured: compare.Measured) -> None:
        if self._journal:
            self._journal.keep(index, measured)
        self._export_soon()

    def _spread(self, address: str, *, watched: bool) -> None:
        """Has every cell that has not been measured yet measured on the cluster."""
        plan = self._plan()
        left = [index for index, series in enumerate(self._series) if len(series) < plan.least]
        spread = self._spreading = spreading.Spread(address, plan, self._options, watched=watched)
        for index, report in spread.reports({index: self._contenders[index] for index in left}):
            self._series[index], self._machines[index] = report.series, report.machine
            if report.watched:
                self._watched[index] = report.watched
            if self._journal:
                self._journal.keep_report(index, report)
            self._export_soon()
            left.remove(index)
            _tell(f"{len(self._cells) - len(left)} of {len(self._cells)} rows", over=not left)
        if spread.size:
            self.env["cluster"] = spread.size

    def _comparison(self) -> compare.Comparison:
        indices = [index for index, series in enumerate(self._series) if len(series)]
        return compare.compared(
            compare.samples(self._cells, self._series, self._machines),
            self._pictures,
            watched=[self._watched.get(index) for index in indices],
            exact=self._options.clock == "virtual",
            seed=self._plan().seed,
            meta={"version": __version__, "command": self._command, "env": self.env},
        )

    def _export_soon(self) -> None:
        if self._wanted.exports and time.monotonic() - self._written_s >= _SHARE * self._writing_s:
            self._export()

    def _export(self) -> None:
        """Writes what has been measured so far to the files that were asked for."""
        if not self._wanted.exports or not any(map(len, self._series)):
            return
        started_s = time.monotonic()
        comparison = self._comparison()
        for name, path in self._wanted.exports.items():
            files.replace(f"--export-{name}", path, formats.exporter(name)(comparison).encode())
        self._written_s = time.monotonic()
        self._writing_s = self._written_s - started_s

    def _farewell(self, _code: int) -> None:
        with suppress(AsyncdemoError):
            self._export()
        if self._spreading:
            self._spreading.close()


@contextmanager
def _in_time(timeout_s: float | None, farewell: Callable[[int], None]) -> Iterator[None]:
    """Interrupts what takes longer.

    Raises:
        AsyncdemoError: it was interrupted (exit code 124).
    """
    with Interrupts(farewell, timeout_s) as interrupts:
        try:
            yield
        except (KeyboardInterrupt, AsyncdemoError):
            if not interrupts.timed_out:
                raise
            took = quantities.as_given(timeout_s or 0)
            message = f"--timeout {took}: the comparison takes longer.\nGive it more, or ask for fewer runs with -r."
            raise AsyncdemoError(message, TIMED_OUT) from None


def _progress(done: int, runs: int) -> None:
    _tell(f"round {done} of at most {runs}", over=done >= runs)


def _tell(how_far: str, *, over: bool) -> None:
    """How far it is, on a line that goes when it is over."""
    if terminal.can_animate(sys.stderr):
        print("\r\x1b[K" if over else f"\r{how_far}", end="", file=sys.stderr, flush=True)
