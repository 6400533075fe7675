"""`asyncdemo bench SUBJECT...`: measures subjects, and sweeps of their parameters, for people and scripts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from typer.core import TyperCommand, TyperOption

from asyncdemo import cluster, compare
from asyncdemo.cli import run_options
from asyncdemo.cli.measuring import notes, outcome
from asyncdemo.cli.measuring import options as measuring
from asyncdemo.cli.measuring.bench import Bench
from asyncdemo.cli.measuring.contender import Contender, ScriptContender
from asyncdemo.cli.measuring.contenders import contenders
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
    spread = measuring.option(
        ("--cluster",),
        "measure_cluster",
        "ADDRESS",
        "measure on a dask.distributed cluster, a row at a time on each worker: its scheduler's address, or local",
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
    return measuring.command("bench", help_, "SUBJECT...", _bench, arguments, sweep, spread, plot, watched)


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
    if wanted.cluster:
        _check_cluster(wanted.cluster, found)
    paint = chart.painter(bench_plot) if bench_plot else None
    if bench_plot:
        _check_plot(bench_plot, swept, options)
    bench = Bench("bench", found, wanted, options)
    comparison = bench.run(watched=bench_watched)
    verdicts = outcome.verdict_of_baseline(comparison, wanted)
    sweep = curves.curves(comparison)
    if bench_plot and paint and sweep:
        files.replace("--plot", bench_plot, paint(sweep))
    said = notes.notes(comparison, bench.env, wanted)
    earlier = [compare.verdict_document(each) for each in verdicts] if wanted.baseline else None
    document = {**compare.document(comparison, SCHEMA), "baseline": earlier, "warnings": said}
    view = BenchView(comparison, sweep=sweep, earlier=verdicts, notes=said, ascii_only=options.ascii)
    outcome.show(options, document, lambda _: view)
    return outcome.check_slower(verdicts, wanted)


def _check_plot(path: str, swept: dict[str, tuple[str, ...]], options: RunOptions) -> None:
    if not any(len(values) > 1 for values in swept.values()):
        raise AsyncdemoError(f"--plot {path}: there is no sweep to draw.\nAdd one, such as -P limit=1,2,5.", USAGE)
    files.check("--plot", path, force=options.force)


def _check_cluster(address: str, found: Sequence[Contender]) -> None:
    """Does nothing when these can be measured on a cluster.

    Raises:
        AsyncdemoError: dask is not there (exit code 3), or one is a script of this machine's (exit code 2).
    """
    cluster.check_installed()
    script = next((each for each in found if isinstance(each, ScriptContender)), None)
    if script:
        raise AsyncdemoError(
            f"--cluster {address}: the script {script.cell.subject} is on this machine alone.\n"
            "Measure it here, without --cluster.",
            USAGE,
        )
