"""`asyncdemo bench SUBJECT...`: measures subjects, and sweeps of their parameters, for people and scripts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from typer.core import TyperCommand, TyperOption

from asyncdemo import compare
from asyncdemo.cli import measuring, run_options
from asyncdemo.cli.contenders import contenders
from asyncdemo.cli.measuring import Wanted
from asyncdemo.cli.run_options import RunOptions
from asyncdemo.compare import chart, curves, files
from asyncdemo.errors import USAGE, AsyncdemoError

SCHEMA = "asyncdemo-bench/1"
USUAL = compare.Plan(runs=10_000, budget_s=60.0, precision=0.01)


def command(arguments: Sequence[str]) -> TyperCommand:
    """The `bench` command; the options of the concepts that `arguments` name are options of the bench."""
    help_ = "Measure concepts and sweeps of their parameters, until each median is known to 1% or a minute is over."
    sweep = measuring.option(
        ("--parameter", "-P"),
        "bench_sweep",
        "NAME=A,B,C",
        "measure with each of these values; several make every combination",
        multiple=True,
    )
    plot = measuring.option(("--plot",), "bench_plot", "FILE", "draw the sweep into this .svg or .png")
    watched = TyperOption(
        param_decls=["--instrumented/--no-instrumented", "bench_watched"],
        is_flag=True,
        default=True,
        show_default=False,
        help="extra runs of each, after those that are timed, for steps, peak tasks, lateness and memory",
        rich_help_panel="Measuring",
    )
    return measuring.command("bench", help_, "SUBJECT...", _bench, arguments, sweep, plot, watched)


def _bench(
    subjects: tuple[str, ...] | None,
    bench_sweep: Sequence[str] | None,
    bench_plot: str | None,
    *,
    bench_watched: bool,
    **given: Any,
) -> int:
    from asyncdemo.views.bench import BenchView

    if not subjects:
        raise AsyncdemoError("There is nothing to measure.\nName a subject: asyncdemo bench semaphore", USAGE)
    options = measuring.seeded(run_options.read(given))
    swept = compare.sweep(bench_sweep or ())
    found = contenders(subjects, given, options, swept)
    wanted = measuring.read(given, options, USUAL)
    paint = chart.painter(bench_plot) if bench_plot else None
    if bench_plot:
        _check_plot(bench_plot, swept, options)
    bench = measuring.Bench("bench", found, wanted, options)
    comparison = bench.run(watched=bench_watched)
    verdicts = measuring.verdict_of_baseline(comparison, wanted)
    sweep = curves.curves(comparison)
    if bench_plot and paint and sweep:
        files.replace("--plot", bench_plot, paint(sweep))
    notes = [*_imprecise(comparison, wanted), *_elsewhere(bench.env, wanted)]
    earlier = [compare.verdict_document(each) for each in verdicts] if wanted.baseline else None
    document = {**compare.document(comparison, SCHEMA), "baseline": earlier, "warnings": notes}
    view = BenchView(comparison, sweep=sweep, earlier=verdicts, notes=notes, ascii_only=options.ascii)
    measuring.show(options, document, lambda _: view)
    return measuring.check_slower(verdicts, wanted)


def _check_plot(path: str, swept: dict[str, tuple[str, ...]], options: RunOptions) -> None:
    if not any(len(values) > 1 for values in swept.values()):
        raise AsyncdemoError(f"--plot {path}: there is no sweep to draw.\nAdd one, such as -P limit=1,2,5.", USAGE)
    files.check("--plot", path, force=options.force)


def _imprecise(comparison: compare.Comparison, wanted: Wanted) -> list[str]:
    """What is known less well than was asked for."""
    goal = wanted.plan.precision
    if goal is None:
        return []
    missed = [each for each in comparison.standings if each.precision is None or each.precision > goal]
    if not missed:
        return []
    worst = max(missed, key=lambda each: each.precision or float("inf"))
    known = "too few runs" if worst.precision is None else f"to {worst.precision:.1%}"
    told = f"{len(missed)} of {len(comparison.standings)} medians are known less well than to {goal * 100:g}%"
    return [f"{told} ({worst.subject.title}: {known}): --budget gives them more time"]


def _elsewhere(env: dict[str, Any], wanted: Wanted) -> list[str]:
    """A warning where the baseline was measured somewhere else."""
    reasons = wanted.baseline.elsewhere(env) if wanted.baseline else []
    return [f"the baseline was measured elsewhere: {', '.join(reasons)}"] if reasons else []
