"""What `compare` and `bench` share: their options, and measuring as these say."""

from __future__ import annotations

import gc
import json
import random
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typer.core import TyperArgument, TyperCommand, TyperOption

from asyncdemo import __version__, catalog, compare, quantities
from asyncdemo.addresses import Mask
from asyncdemo.cli import concept_options, consoles, run_options, serving, terminal
from asyncdemo.cli.concept import recorded
from asyncdemo.cli.contenders import Contender
from asyncdemo.cli.run_options import RunOptions
from asyncdemo.cli.session import check_files
from asyncdemo.cli.values import count, duration, percentage
from asyncdemo.compare import baseline as baselines
from asyncdemo.compare import files, formats
from asyncdemo.errors import TIMED_OUT, USAGE, AsyncdemoError
from asyncdemo.record import RealClock, VirtualClock
from asyncdemo.run import Measurement, Result, measure, peak_memory
from asyncdemo.run.exits import is_interrupt
from asyncdemo.run.interrupts import Interrupts
from asyncdemo.servers.base.reasons import leaves
from asyncdemo.timeline import summary

if TYPE_CHECKING:
    from rich.console import Console

WITHOUT = ("format", "save", "view", "fps", "quiet")
_SEEDS = 1_000_000
_PANEL = "Measuring"
_MOST = 10_000
_SHARE = 50
"""Writing the exports again waits until measuring has taken so many times as long as writing them did."""

_VALUES = {
    "runs": (("--runs", "-r"), count(1, _MOST), "runs of each, however long they take"),
    "warmup": (("--warmup", "-w"), count(0, _MOST), "runs of each before the first that counts; 1 unless given"),
    "precision": (("--precision",), percentage(), "how well each median is to be known, such as 1%"),
    "budget": (("--budget",), duration(0.001, 86_400 * 7), "time after which no further round begins"),
    "fail": (("--fail-if-slower",), percentage(), "exit code 1 when a row is slower than in the baseline"),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """The measuring options, read.

    Attributes:
        plan: how often to run.
        exports: the file of each format.
        resume: the file that keeps the runs, or None.
        baseline: earlier results to set these beside, or None.
        fail_percent: how much slower than the baseline a row may be, or None.
    """

    plan: compare.Plan
    exports: Mapping[str, str]
    resume: str | None
    baseline: compare.Baseline | None
    fail_percent: float | None


def command(
    name: str, help_: str, metavar: str, callback: Callable[..., int], arguments: Sequence[str], *own: TyperOption
) -> TyperCommand:
    """A command that measures subjects.

    Args:
        name: what it is called.
        help_: what it does, a sentence.
        metavar: how many subjects it takes.
        callback: called with the subjects and everything else that was given.
        arguments: what was typed; the options of the concepts that it names are options of the command.
        own: options that this command alone has.
    """
    subjects = TyperArgument(
        param_decls=["subjects"],
        type=str,
        nargs=-1,
        metavar=metavar,
        help=concept_options.literally("what to run: NAME[:option=value,...][@loop]"),
    )
    params = [subjects, *shared_options(arguments), *own, *declared(), *run_options.declared(*WITHOUT)]
    return TyperCommand(name, help=help_, callback=callback, params=params)


def declared() -> list[TyperOption]:
    """The options about measuring."""
    valued = [option(names, f"measure_{key}", value.metavar, help_) for key, (names, value, help_) in _VALUES.items()]
    exports = [
        option((f"--export-{name}",), f"export_{name}", "FILE", f"write {formats.help_of(name)}")
        for name in formats.names()
    ]
    kept = option(("--resume",), "measure_resume", "FILE", "keep every run here, and go on where it ends")
    before = option(("--baseline",), "measure_baseline", "FILE", "earlier results to set these beside")
    return [*valued, kept, before, *exports]


def shared_options(arguments: Sequence[str]) -> list[TyperOption]:
    """The options of the concepts that any of `arguments` names as a subject."""
    names = {each.name for each in catalog.concepts()}
    said = {argument.partition(":")[0].partition("@")[0] for argument in arguments}
    shared = {option.name: option for name in sorted(names & said) for option in catalog.find(name).options}
    return [concept_options.declared_option(each, has_default=False) for each in shared.values()]


def read(given: Mapping[str, Any], options: RunOptions, usual: compare.Plan) -> Wanted:
    """The measuring options out of everything that was given to a command, and `usual` where nothing was.

    Raises:
        AsyncdemoError: one cannot be read, or they contradict each other (exit code 2).
    """
    values = {
        key: value.read(names[0], given[f"measure_{key}"])
        for key, (names, value, _) in _VALUES.items()
        if given.get(f"measure_{key}") is not None
    }
    path = given.get("measure_baseline")
    if "fail" in values and path is None:
        raise AsyncdemoError("--fail-if-slower: slower than what?\nName earlier results with --baseline FILE.", USAGE)
    exports = {name: given[f"export_{name}"] for name in formats.names() if given.get(f"export_{name}") is not None}
    if len({Path(each).absolute() for each in exports.values()}) < len(exports):
        raise AsyncdemoError("Two exports have the same file.\nName one each.", USAGE)
    return Wanted(
        plan=_plan(values, options, usual),
        exports=exports,
        resume=given.get("measure_resume"),
        baseline=None if path is None else baselines.load(path),
        fail_percent=values.get("fail"),
    )


def _plan(values: Mapping[str, Any], options: RunOptions, usual: compare.Plan) -> compare.Plan:
    if options.clock == "virtual":
        return replace(compare.VIRTUAL, seed=options.seed)
    plan = replace(usual, seed=options.seed, warmups=values.get("warmup", usual.warmups))
    if "runs" in values:
        if "precision" in values or "budget" in values:
            raise AsyncdemoError("-r says how many runs: --precision and --budget do too.\nGive one of them.", USAGE)
        return replace(plan, runs=values["runs"], least=values["runs"], precision=None)
    if "precision" in values:
        plan = replace(plan, precision=values["precision"] / 100, runs=_MOST)
    return replace(plan, budget_s=values.get("budget", plan.budget_s))


def seeded(options: RunOptions) -> RunOptions:
    """With a seed made up when none was given: it is told, so that the same can be run again."""
    return options if options.seed is not None else replace(options, seed=random.SystemRandom().randrange(_SEEDS))


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
        self._by_cell = {id(each.cell): each for each in measured}
        self._wanted = wanted
        self._options = options
        self._pictures: list[compare.Picture] = []
        self._watched: dict[int, compare.Watched] = {}
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

    def _resumed(self) -> compare.Journal | None:
        if self._wanted.resume is None:
            return None
        wanted, options = self._wanted, self._options
        return compare.Journal.begun(wanted.resume or "", self._cells, self.env, wanted.plan.seed, options.clock)

    def run(self, *, pictures: bool = False, watched: bool = False) -> compare.Comparison:
        """Measures, writes what was measured to the exports, and returns what was found.

        Args:
            pictures: whether to run each once more under the recorder, for its timeline.
            watched: whether to run each again for the figures that cannot be had without disturbing the times.

        Raises:
            AsyncdemoError: a run failed, or a file could not be written, or it took too long (exit code 124).
        """
        try:
            with _in_time(self._options.timeout, self._farewell), ExitStack() as stack:
                self._serve(stack)
                self._measure()
                if pictures:
                    self._pictures = [self._picture(each) for each in self._contenders]
                if watched:
                    self._watch()
        finally:
            if self._journal:
                self._journal.close()
            self._export()
        return self._comparison()

    def _serve(self, stack: ExitStack) -> None:
        """Gives each that needs one a server, for all of its runs, which is gone when the stack ends."""
        self._contenders = [
            each._replace(params=stack.enter_context(serving.served(each.concept, each.params)))
            for each in self._contenders
        ]
        self._by_cell = {id(each.cell): each for each in self._contenders}

    def _measure(self) -> None:
        plan = self._wanted.plan
        if self._journal and self._journal.seed is not None:
            plan = replace(plan, seed=self._journal.seed)
        compare.run(self._cells, self._measured, plan, series=self._series, keep=self._keep, progress=_progress)

    def _keep(self, index: int, measured: compare.Measured) -> None:
        if self._journal:
            self._journal.keep(index, measured)
        if self._wanted.exports and time.monotonic() - self._written_s >= _SHARE * self._writing_s:
            self._export()

    def _measured(self, cell: compare.Cell) -> Measurement:
        random.seed(self._options.seed)
        contender = self._by_cell[id(cell)]
        with _naming(contender):
            return measure(contender.concept.module, contender.arguments, clock=self._clock(), loop=cell.loop)

    def _picture(self, contender: Contender) -> compare.Picture:
        """The cell once more, recorded."""
        result = self._recorded(contender)
        virtual = self._options.clock == "virtual"
        return compare.Picture(result.trace, result.trace.duration_ns if virtual else result.wall_ns)

    def _watch(self) -> None:
        known = self._journal.watched if self._journal else {}
        for index, contender in enumerate(self._contenders):
            if index not in known:
                known[index] = self._watched_run(contender)
                if self._journal:
                    self._journal.keep_watched(index, known[index])
        self._watched = known

    def _watched_run(self, contender: Contender) -> compare.Watched:
        cell = contender.cell
        result = self._recorded(contender)
        figures = summary(result.trace)
        with _naming(contender):
            memory = peak_memory(contender.concept.module, contender.arguments, clock=self._clock(), loop=cell.loop)
        return compare.Watched(
            wall_ns=result.trace.duration_ns if self._options.clock == "virtual" else result.wall_ns,
            steps=figures.steps,
            peak_tasks=figures.peak_tasks,
            loop_late_p50_ns=figures.loop_late_p50_ns,
            loop_late_p99_ns=figures.loop_late_p99_ns,
            peak_memory_bytes=memory,
        )

    def _recorded(self, contender: Contender) -> Result:
        cell = contender.cell
        result, _ = recorded(
            contender.concept,
            contender.params,
            self._clock(),
            cell.loop,
            seed=self._options.seed,
            title=str(cell.subject),
        )
        if result.exit_code:
            last = (result.error or "").strip().rpartition("\n")[2]
            raise AsyncdemoError(
                f"{cell.subject} ended with exit code {result.exit_code}.\n{last}".strip(), result.exit_code
            )
        return result

    def _clock(self) -> RealClock | VirtualClock:
        return VirtualClock() if self._options.clock == "virtual" else RealClock()

    def _comparison(self) -> compare.Comparison:
        found = compare.samples(self._cells, self._series)
        seed = self._journal.seed if self._journal else self._options.seed
        return compare.compared(
            found,
            self._pictures,
            watched=[self._watched.get(index) for index in range(len(found))] if self._watched else (),
            exact=self._options.clock == "virtual",
            seed=seed,
            meta={"version": __version__, "command": self._command, "env": self.env},
        )

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


@contextmanager
def _naming(contender: Contender) -> Iterator[None]:
    """Tells whose run it was that failed."""
    why = ""
    try:
        yield
    except (AsyncdemoError, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        if is_interrupt(error):
            raise KeyboardInterrupt from error
        leaf = next(leaves(error))
        why = Mask(contender.params.get("url"))(f"{type(leaf).__name__}: {leaf}".removesuffix(": "))
    if why:
        # What else of the run failed goes now, while asyncio is kept from telling of it at length.
        gc.collect()
        raise AsyncdemoError(f"{contender.cell.subject} failed: {why}")


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


def verdict_of_baseline(comparison: compare.Comparison, wanted: Wanted) -> list[compare.Verdict]:
    """How each row compares with the baseline's, in the order of the rows; nothing without one."""
    baseline = wanted.baseline
    return [baseline.verdict(standing) for standing in comparison.standings] if baseline else []


def check_slower(verdicts: Sequence[compare.Verdict], wanted: Wanted) -> int:
    """Says which row is slower than the baseline by more than `--fail-if-slower` allows; returns the exit code."""
    if wanted.fail_percent is None:
        return 0
    code = 0
    for verdict in verdicts:
        if baselines.tripped(verdict, wanted.fail_percent):
            code = 1
            slower = (1 / verdict.ratio.times - 1) * 100 if verdict.ratio.times else float("inf")
            path = wanted.baseline.path if wanted.baseline else ""
            print(
                f"asyncdemo: {verdict.subject.title} is {slower:.1f}% slower than in {path}: "
                f"--fail-if-slower {wanted.fail_percent:g}%",
                file=sys.stderr,
            )
    return code


def _progress(done: int, runs: int) -> None:
    if terminal.can_animate(sys.stderr):
        print(f"\rround {done} of at most {runs}" if done < runs else "\r\x1b[K", end="", file=sys.stderr, flush=True)


def option(names: Sequence[str], key: str, metavar: str, help_: str, **more: Any) -> TyperOption:
    """An option about measuring, which takes text."""
    return TyperOption(param_decls=[*names, key], type=str, metavar=metavar, help=help_, rich_help_panel=_PANEL, **more)


def show(options: RunOptions, document: Mapping[str, Any], view: Callable[[Console], Any]) -> None:
    """Writes results: `document` where JSON was asked for, otherwise what `view` makes for the console."""
    with consoles.finishing(consoles.results(options)) as stream:
        if options.format == "json":
            json.dump(document, stream, indent=2)
            stream.write("\n")
            return
        console = consoles.console(stream, options.color, options.width)
        with console.capture() as capture:
            console.print(view(console), end="")
        stream.write(capture.get())
        stream.flush()
