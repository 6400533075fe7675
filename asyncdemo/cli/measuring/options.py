"""The options about measuring: declared, and read."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from typer.core import TyperArgument, TyperCommand, TyperOption

from asyncdemo import catalog, compare
from asyncdemo.cli import concept_options, run_options
from asyncdemo.cli.run_options import RunOptions
from asyncdemo.cli.values import count, duration, percentage, scheduler
from asyncdemo.compare import baseline as baselines
from asyncdemo.compare import formats
from asyncdemo.errors import USAGE, AsyncdemoError

WITHOUT = ("format", "save", "view", "fps", "quiet", "critical")
_SEEDS = 1_000_000
_PANEL = "Measuring"
_MOST = 10_000

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
        cluster: where to measure, if not in this process: the address of a cluster's scheduler, or `local`.
    """

    plan: compare.Plan
    exports: Mapping[str, str]
    resume: str | None
    baseline: compare.Baseline | None
    fail_percent: float | None
    cluster: str | None = None


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
        help=concept_options.literally("what to run: NAME[:option=value,...][@loop], or SCRIPT.py[@loop]"),
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
    path, cluster = given.get("measure_baseline"), given.get("measure_cluster")
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
        cluster=None if cluster is None else scheduler().read("--cluster", cluster),
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


def option(names: Sequence[str], key: str, metavar: str, help_: str, **more: Any) -> TyperOption:
    """An option about measuring, which takes text."""
    return TyperOption(param_decls=[*names, key], type=str, metavar=metavar, help=help_, rich_help_panel=_PANEL, **more)
