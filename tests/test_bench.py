"""Bench: sweeps, as many runs as a precision needs, files that survive anything, exports, baselines, pictures."""

from __future__ import annotations

import asyncio
import csv
import getpass
import json
import os
import platform
import random
import resource
import signal
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from io import BytesIO, StringIO
from math import exp
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import PIL.Image
import pyperf
import pytest
from rich.console import Console

from asyncdemo import compare
from asyncdemo.compare import Cell, Comparison, Plan, Sample, compared, curves, formats, precision, ratio
from asyncdemo.compare.chart import png, svg
from asyncdemo.compare.runs import ENOUGH
from asyncdemo.errors import USAGE, AsyncdemoError
from asyncdemo.run import measure, peak_memory
from asyncdemo.subjects import Subject, parse
from asyncdemo.views.bench import BenchView
from tests.commands import Asyncdemo

PROJECT = Path(__file__).parents[1]
SWEEP = ("bench", "semaphore", "-P", "limit=1,2,5", "--clock", "virtual")


class Run:
    """One made-up run."""

    def __init__(self, wall_ns: int) -> None:
        self.wall_ns, self.cpu_ns, self.system_ns = wall_ns, wall_ns // 2, wall_ns // 10


def started(*arguments: str) -> subprocess.Popen[str]:
    """A command line in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "asyncdemo", *arguments],
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(what: Callable[[], object], process: subprocess.Popen[str]) -> None:
    """Wait until something is so, or the process has ended."""
    deadline = time.monotonic() + 120
    while not what() and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.002)


def swept(limits: str = "1 2 4", spread: float = 0.01) -> Comparison:
    """A made-up sweep of ten tasks of 10 ms through a semaphore, nearly ideal."""
    made = random.Random(1)
    samples = []
    for limit in map(int, limits.split()):
        ideal_ns = -(-10 // limit) * 10_000_000
        cell = Cell(
            Subject("semaphore", {"limit": str(limit)}), {"limit": limit}, "asyncio", ideal_ns, {"limit": limit}
        )
        walls = tuple(round(ideal_ns * (1.02 + made.gauss(0, spread))) for _ in range(10))
        samples.append(Sample(cell, walls, (4_000_000,) * 10, (1_000_000,) * 10))
    return compared(samples, seed=3, meta={"version": "1", "command": "bench", "env": compare.environment()})


def drawn(comparison: Comparison, width: int = 80, *, ascii_only: bool = False) -> str:
    """The screen as text."""
    out = StringIO()
    console = Console(file=out, width=width, force_terminal=False, color_system=None)
    console.print(BenchView(comparison, sweep=curves.curves(comparison), ascii_only=ascii_only))
    return "".join(line.rstrip() + "\n" for line in out.getvalue().splitlines())


def test_a_sweep_is_every_combination() -> None:
    """Two parameters make every pair of their values, beside what the subject has of its own."""
    values = compare.sweep(["limit=1,2", "--tasks=10,20"])
    found = [str(each) for each in compare.combined(parse("semaphore:hold=1@uvloop"), values)]
    assert found == [
        "semaphore:hold=1,limit=1,tasks=10@uvloop",
        "semaphore:hold=1,limit=1,tasks=20@uvloop",
        "semaphore:hold=1,limit=2,tasks=10@uvloop",
        "semaphore:hold=1,limit=2,tasks=20@uvloop",
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param([], "There is nothing to measure", id="no subject"),
        pytest.param(["semaphor"], "did you mean 'semaphore'?", id="a misspelt subject"),
        pytest.param(["semaphore", "-P", "limt=1,2"], "There is tasks, limit, hold", id="an unknown parameter"),
        pytest.param(["semaphore", "-P", "limit=1,x"], "--limit: 'x' is not a count", id="a value that is none"),
        pytest.param(["semaphore", "-P", "limit=0,1"], "--limit 0 is too small", id="a value out of bounds"),
        pytest.param(["executor", "-P", "kind=x"], "There is ", id="a choice that there is not"),
        pytest.param(["semaphore", "-P", "limit"], "this is no sweep", id="a sweep without values"),
        pytest.param(["semaphore", "-P", "limit=1,,2"], "this is no sweep", id="an empty value"),
        pytest.param(["semaphore", "-P", "limit=1,1"], "a value is there twice", id="a value twice"),
        pytest.param(["semaphore", "-P", "limit=1", "-P", "limit=2"], "limit is swept twice", id="a parameter twice"),
        pytest.param(["semaphore:limit=3", "-P", "limit=1,2"], "a value of its own", id="a subject's own value"),
        pytest.param(["semaphore:lmit=3"], "has no option 'lmit'.\nIt has tasks, limit", id="a subject's option"),
        pytest.param(["semaphore", "-r", "0"], "--runs 0 is too small: at least 1", id="no runs"),
        pytest.param(["semaphore", "-w", "-1"], "--warmup -1 is too small", id="less than no warm-up"),
        pytest.param(["semaphore", "--precision", "0%"], "'0%' is not a percentage above 0", id="no precision"),
        pytest.param(["semaphore", "--precision", "nan"], "'nan' is not a percentage", id="nan for a precision"),
        pytest.param(["semaphore", "--budget", "0"], "--budget 0 is too small", id="no time"),
        pytest.param(["semaphore", "-r", "3", "--budget", "1s"], "Give one of them", id="runs and a budget"),
        pytest.param(["semaphore", "--fail-if-slower", "5%"], "slower than what?", id="nothing to be slower than"),
        pytest.param(["semaphore", "--baseline", "no.json"], "No such file", id="a baseline that is not there"),
        pytest.param(["semaphore", "--plot", "a.svg"], "there is no sweep to draw", id="a plot of nothing"),
        pytest.param(["semaphore", "-P", "limit=1,2", "--plot", "a.gif"], "pictures are .svg and .png", id="a gif"),
        pytest.param(["semaphore", "--export-json", "no/a.json"], "No such file or directory", id="no folder"),
        pytest.param(["semaphore", "--export-csv", "/dev/full"], "--export-csv /dev/full cannot", id="a device"),
        pytest.param(["semaphore", "--resume", "no/a.runs"], "No such file or directory", id="no folder to resume in"),
        pytest.param(["semaphore", "--export-json", "a", "--export-csv", "a"], "the same file", id="one file for two"),
        pytest.param(["blocking", "--clock", "virtual", "--scale", "x"], "'x' is not a number", id="no scale"),
    ],
)
def test_bad_input_is_refused_before_anything_runs(
    arguments: list[str],
    said: str,
    asyncdemo: Asyncdemo,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Exit code 2, at most four lines that say what is allowed, and no file is left behind."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("asyncdemo.cli.measuring.contender.measure", lambda *_a, **_k: pytest.fail("it ran"))
    asyncdemo("bench", *arguments).check_refusal(said)
    assert list(tmp_path.iterdir()) == []


def test_a_comparison_needs_two(asyncdemo: Asyncdemo) -> None:
    """`compare` of one subject is refused, `bench` of one is not."""
    code, _, err = asyncdemo("compare", "semaphore", "--clock", "virtual")
    assert (code, "There is nothing to compare" in err) == (USAGE, True)
    assert asyncdemo("bench", "semaphore", "--clock", "virtual")[0] == 0


def rounds(plan: Plan, walls: Iterator[float]) -> int:
    """How many rounds of one cell a plan makes when its runs take so many seconds."""
    taken: list[float] = []

    def measure(_: Cell) -> Run:
        taken.append(next(walls))
        return Run(round(taken[-1] * 1e9))

    (sample,) = compare.run([Cell(parse("a"))], measure, plan, seconds=lambda: sum(taken))
    return len(sample.wall_ns)


def noise(share: float) -> Iterator[float]:
    """Runs of a second that vary by a share of it."""
    made = random.Random(2)
    while True:
        yield 1 + made.uniform(-share, share)


def test_there_are_as_many_runs_as_the_precision_needs() -> None:
    """Steady runs are enough at once; the more they vary, the more of them there are; a budget ends it."""
    plan = Plan(runs=10_000, budget_s=1e6, precision=0.01)
    needed = [rounds(plan, noise(share)) for share in (0.001, 0.03, 0.1)]
    assert needed[0] == ENOUGH
    assert needed[0] < needed[1] < needed[2] < 10_000
    assert rounds(Plan(runs=10_000, budget_s=100, precision=0.001), noise(0.1)) in range(95, 102)


def test_the_precision_is_that_of_the_median() -> None:
    """Half the interval between the second and the ninth of ten runs, as a share of the median; None from five."""
    assert precision([float(each) for each in range(95, 105)]) == pytest.approx(3.5 / 99.5)
    assert precision([100.0] * 5) is None
    assert precision([0.0] * 10) == 0


@pytest.mark.parametrize("runs", [3, 5, 8, 10, 30], ids="{} runs".format)
def test_a_thing_is_not_faster_than_itself(runs: int) -> None:
    """Of 200 comparisons of equals, on a machine that drifts and is disturbed, at most 8 find a difference."""
    made, found = random.Random(runs), 0
    for _ in range(200):
        samples: tuple[list[float], list[float]] = ([], [])
        drift = 0.0
        for _ in range(runs):
            for one in made.sample(samples, 2):
                drift = 0.9 * drift + made.gauss(0, 0.01)
                one.append(exp(drift) * (1 + made.expovariate(50) + (made.random() < 0.05) * made.random()))
        found += ratio(*samples).different is True
    assert found <= 8


def test_a_true_difference_is_found() -> None:
    """Of 50 pairs of 30 runs that differ by 5 % and vary by 3 %, at least 45 are told apart, the right way round."""
    made = random.Random(4)
    found = [
        ratio([made.gauss(1.05, 0.03) for _ in range(30)], [made.gauss(1, 0.03) for _ in range(30)]) for _ in range(50)
    ]
    assert sum(each.different is True and each.times > 1 for each in found) >= 45


def test_a_true_difference_is_found_on_a_machine_that_is_slow_at_times() -> None:
    """The same where whole rounds take up to half as long again: what disturbs both runs of a round cancels out."""
    made, found = random.Random(4), 0
    for _ in range(50):
        rounds = [1 + made.uniform(0, 0.5) for _ in range(30)]
        slow, fast = ([mean * made.gauss(1, 0.02) * each for each in rounds] for mean in (1.05, 1.0))
        told = ratio(slow, fast)
        found += told.different is True and told.times > 1
    assert found >= 45


def test_a_thousand_cells_take_no_more_memory_than_their_figures() -> None:
    """Twenty rounds of a thousand cells keep three numbers a run, and no object each."""
    cells = [Cell(parse(f"a:n={number}")) for number in range(1000)]
    series = [compare.Series() for _ in cells]
    sizes: list[int] = []

    def look(_done: int, _runs: int) -> None:
        sizes.append(tracemalloc.get_traced_memory()[0])

    tracemalloc.start()
    try:
        plan = Plan(runs=20, least=20, seed=1, warmups=0)
        compare.run(cells, lambda _: Run(1_000), plan, series=series, progress=look)
    finally:
        tracemalloc.stop()
    assert len(sizes) == 20
    assert sizes[-1] - sizes[0] < 1000 * 19 * 3 * 8 * 2


def test_an_interrupted_round_is_completed_first(tmp_path: Path) -> None:
    """The runs of a journal that was cut off in the middle of a line count, and the rest is made in the same order."""
    path = str(tmp_path / "a.runs")
    cells = [Cell(parse(name), {"n": 1}) for name in ("a", "b", "c")]
    env = compare.environment()
    plan = Plan(runs=4, least=4, seed=9, warmups=0)

    def resumed(stop_after: int | None) -> tuple[list[str], list[tuple[int, ...]]]:
        journal = compare.Journal.begun(path, cells, env, 9, "real")
        order: list[str] = []

        def measure(cell: Cell) -> Run:
            if len(order) == stop_after:
                raise KeyboardInterrupt
            order.append(cell.subject.name)
            return Run(1000 + len(order))

        try:
            compare.run(cells, measure, plan, series=journal.series, keep=journal.keep)
        except KeyboardInterrupt:
            pass
        finally:
            journal.close()
        return order, [tuple(each.wall_ns) for each in journal.series]

    first, _ = resumed(5)
    with Path(path).open("ab") as file:
        file.write(b'{"cell":0,"wall_')
    second, walls = resumed(None)
    assert (len(first), len(second)) == (5, 7)
    assert [len(each) for each in walls] == [4, 4, 4]
    assert resumed(None) == ([], walls)
    whole: list[str] = []

    def measure_all(cell: Cell) -> Run:
        whole.append(cell.subject.name)
        return Run(1)

    compare.run(cells, measure_all, plan)
    assert first + second == whole


def test_a_killed_bench_leaves_a_valid_file_and_goes_on(tmp_path: Path) -> None:
    """Killed with SIGKILL at random moments, the file holds whole runs each time, and the rest is added to them."""
    path = tmp_path / "a.runs"
    limits = ",".join(map(str, range(1, 41)))
    command = ("bench", "semaphore", "-P", f"limit={limits}", "--hold", "0", "-r", "20", "-w", "0", "--no-instrumented")
    moment, kept = random.Random(), 0
    for _ in range(4):
        wanted = kept + moment.randint(1, 12_000)
        process = started(*command, "--resume", str(path))
        wait_for(lambda: path.exists() and path.stat().st_size > wanted, process)  # noqa: B023
        process.kill()
        process.communicate()
        head, *runs = path.read_bytes().splitlines() if path.exists() else [b"{}"]
        assert isinstance(json.loads(head), dict)
        assert all("wall_ns" in json.loads(run) for run in runs)
        assert path.read_bytes().endswith(b"\n")
        assert path.stat().st_size >= kept
        kept = path.stat().st_size
    done = started(*command, "--resume", str(path), "--json")
    out, err = done.communicate(timeout=120)
    assert (done.returncode, err) == (0, "")
    assert [len(each["runs"]) for each in json.loads(out)["subjects"]] == [20] * 40
    assert len(path.read_bytes().splitlines()) == 1 + 20 * 40


def test_an_interrupted_bench_keeps_what_it_measured(tmp_path: Path) -> None:
    """Ctrl+C ends with exit code 130, and the export has the runs until then."""
    path = tmp_path / "a.json"
    process = started("bench", "semaphore", "-P", "limit=1,2", "--hold", "1ms", "-r", "10k", "--export-json", str(path))
    wait_for(path.exists, process)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert all(each["times"] for each in json.loads(path.read_text())["results"])
    assert [each.name for each in tmp_path.iterdir()] == ["a.json"]


def test_what_an_interrupt_leaves_broken_is_no_failure(asyncdemo: Asyncdemo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl+C can strike inside the loop, which then refuses to be closed with an error of its own."""

    def measure(*_: object, **__: object) -> None:
        try:
            raise KeyboardInterrupt
        finally:
            raise RuntimeError("Cannot close a running event loop")

    monkeypatch.setattr("asyncdemo.cli.measuring.contender.measure", measure)
    assert asyncdemo("bench", "semaphore", "-r", "1") == (130, "", "")


def test_a_run_that_cancels_itself_has_failed(asyncdemo: Asyncdemo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody pressed Ctrl+C: it is told whose run it was."""

    def measure(*_: object, **__: object) -> None:
        raise asyncio.CancelledError

    monkeypatch.setattr("asyncdemo.cli.measuring.contender.measure", measure)
    code, out, err = asyncdemo("bench", "semaphore", "-r", "1")
    assert (code, out, err) == (1, "", "asyncdemo: semaphore failed: CancelledError\n")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        pytest.param(("-P", "limit=1,2"), "2 rows here and 3 there", id="other rows"),
        pytest.param(("-P", "limit=1,2,6"), "semaphore:limit=6 on asyncio here", id="another value"),
        pytest.param(("-P", "limit=1,2,5", "--tasks", "7"), "tasks 7 here and 10 there", id="another parameter"),
        pytest.param(("-P", "limit=1,2,5", "--clock", "real"), "--clock is real here", id="another clock"),
    ],
)
def test_only_the_same_measurement_is_resumed(
    more: tuple[str, ...], said: str, asyncdemo: Asyncdemo, tmp_path: Path
) -> None:
    """What differs from the file is said, and the file stays as it is."""
    path = tmp_path / "a.runs"
    assert asyncdemo(*SWEEP, "--resume", str(path))[0] == 0
    before = path.read_bytes()
    clock = () if "--clock" in more else ("--clock", "virtual")
    code, _, err = asyncdemo("bench", "semaphore", *more, *clock, "--resume", str(path))
    assert (code, said in err, path.read_bytes() == before) == (USAGE, True, True)


def test_what_is_no_journal_is_not_resumed(asyncdemo: Asyncdemo, tmp_path: Path) -> None:
    """A file of something else is refused and left alone."""
    path = tmp_path / "a.txt"
    path.write_text("my notes\n")
    code, _, err = asyncdemo(*SWEEP, "--resume", str(path))
    assert (code, "is no file of runs" in err, path.read_text()) == (USAGE, True, "my notes\n")


def test_a_damaged_journal_is_refused(asyncdemo: Asyncdemo, tmp_path: Path) -> None:
    """A run of a row that there is not is no reason to crash."""
    path = tmp_path / "a.runs"
    asyncdemo(*SWEEP, "--resume", str(path))
    with path.open("a") as file:
        file.write('{"cell":7,"wall_ns":1,"cpu_ns":1,"system_ns":1}\n')
    code, _, err = asyncdemo(*SWEEP, "--resume", str(path))
    assert (code, "is damaged" in err) == (1, True)


@pytest.mark.parametrize("option", ["--export-json", "--resume"])
def test_a_full_disk_is_found_before_the_first_run(option: str, tmp_path: Path) -> None:
    """Where no file may grow beyond a few bytes the bench ends at once, with exit code 2 and no file left."""
    path = tmp_path / "a"
    done = subprocess.run(
        [sys.executable, "-m", "asyncdemo", "bench", "semaphore", "--hold", "60", option, str(path)],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(PROJECT), "PYTHONDONTWRITEBYTECODE": "1"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)),
        text=True,
        timeout=50,
    )
    assert done.returncode == USAGE
    assert f"{option} {path} cannot be written: File too large" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fills_up_keeps_what_there_is(tmp_path: Path) -> None:
    """A journal that cannot grow any more ends the bench with a sentence, and holds the runs until then."""
    path = tmp_path / "a.runs"
    cells = [Cell(parse("a"))]
    journal = compare.Journal.begun(str(path), cells, compare.environment(), 1, "real")
    before, (soft, hard) = path.stat().st_size, resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (before + 100, hard))
    try:
        with pytest.raises(AsyncdemoError, match=r"could not be written: .*\nWhat it holds is kept") as caught:
            compare.run(cells, lambda _: Run(1000), Plan.exactly(9), series=journal.series, keep=journal.keep)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        journal.close()
    assert caught.value.exit_code == 1
    again = compare.Journal.begun(str(path), cells, compare.environment(), 1, "real")
    assert list(again.series[0].wall_ns) == [1000]
    again.close()


def test_nothing_is_overwritten_without_force(asyncdemo: Asyncdemo, tmp_path: Path) -> None:
    """An export or a plot that is there already is kept, unless `--force` is given."""
    for option, name in (("--export-json", "a.json"), ("--plot", "a.svg")):
        path = tmp_path / name
        path.write_text("mine")
        code, _, err = asyncdemo(*SWEEP, option, str(path))
        assert (code, "--force" in err, path.read_text()) == (USAGE, True, "mine")
        assert asyncdemo(*SWEEP, option, str(path), "--force")[0] == 0
        assert path.read_text() != "mine"


def test_virtual_times_are_the_ideal_ones(asyncdemo: Asyncdemo) -> None:
    """A sweep in virtual time gives a row for each value, each exactly as long as its ideal."""
    code, out, _ = asyncdemo(*SWEEP, "--json")
    found = json.loads(out)
    assert (code, found["schema"]) == (0, "asyncdemo-bench/1")
    assert [each["swept"] for each in found["subjects"]] == [{"limit": 1}, {"limit": 2}, {"limit": 5}]
    times = [(each["median_ns"], each["ideal_ns"], each["over_ideal"]) for each in found["subjects"]]
    assert times == [(10_000_000_000, 10_000_000_000, 0), (5_000_000_000,) * 2 + (0,), (2_000_000_000,) * 2 + (0,)]
    extra = found["subjects"][0]["extra_runs"]
    assert (extra["peak_tasks"], extra["steps"] > 10, extra["peak_memory_bytes"] > 1000) == (10, True, True)


def test_a_subject_without_the_parameter_is_one_row(asyncdemo: Asyncdemo) -> None:
    """A sweep's parameter is for those subjects that have it."""
    found = json.loads(asyncdemo("bench", "concurrent", *SWEEP[1:], "--json")[1])
    assert [each["subject"] for each in found["subjects"]] == [
        "concurrent", "semaphore:limit=1", "semaphore:limit=2", "semaphore:limit=5",
    ]  # fmt: skip


def test_the_last_parameter_changes_fastest(asyncdemo: Asyncdemo) -> None:
    """Rows come in the order in which the sweeps were given, whatever the order of the concept's options."""
    sweeps = ("-P", "limit=1,2", "-P", "tasks=3,4", "--clock", "virtual", "--no-instrumented", "--json")
    found = json.loads(asyncdemo("bench", "semaphore", *sweeps)[1])
    assert [each["swept"] for each in found["subjects"]] == [
        {"limit": limit, "tasks": tasks} for limit in (1, 2) for tasks in (3, 4)
    ]
    assert [each["extra_runs"] for each in found["subjects"]] == [None] * 4


JOBS = """
import subprocess
import sys

BURN = "import time\\nwhile time.process_time() < 0.2: pass"

outputs = []

async def main(size=0, burn=False):
    outputs.append(sys.stdout)
    data = bytes(size)
    if burn:
        subprocess.run([sys.executable, "-c", BURN], check=True)
"""


@pytest.fixture
def jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of a module whose `main` takes memory, or the processor in a child."""
    (tmp_path / "jobs_to_measure.py").write_text(JOBS)
    monkeypatch.syspath_prepend(tmp_path)
    yield "jobs_to_measure"
    sys.modules.pop("jobs_to_measure", None)


def test_the_processor_time_of_children_counts(jobs: str) -> None:
    """What a child burned until it ended is part of a run's processor time."""
    assert measure(jobs, {"burn": True}).cpu_ns >= 200_000_000


def test_what_a_run_leaves_behind_may_print(jobs: str) -> None:
    """A thread that outlives its run finds the run's output open, where nobody sees it."""
    measure(jobs, {})
    (output,) = sys.modules[jobs].outputs
    assert output is not sys.stdout
    assert output.write("late\n") == 5


def test_the_peak_of_memory_is_that_of_the_run(jobs: str) -> None:
    """Ten million bytes that are gone at the end of the run were there at its peak."""
    grown = peak_memory(lambda: measure(jobs, {"size": 10_000_000}))
    assert 10_000_000 <= grown < 11_000_000
    assert not tracemalloc.is_tracing()


HYPERFINE = {"command", "mean", "stddev", "median", "user", "system", "min", "max", "times", "exit_codes", "parameters"}
"""The keys that hyperfine documents for an entry of `results`."""


def test_the_json_has_hyperfines_schema() -> None:
    """Each result has hyperfine's keys: seconds as numbers, a code for each time, parameters as text."""
    results = json.loads(formats.exporter("json")(swept()))["results"]
    assert [each.keys() for each in results] == [HYPERFINE] * 3
    for each in results:
        assert isinstance(each["command"], str)
        assert all(isinstance(each[key], float) for key in HYPERFINE - {"command", "times", "exit_codes", "parameters"})
        assert each["min"] <= each["median"] <= each["max"]
        assert (len(each["times"]), each["exit_codes"]) == (10, [0] * 10)
    assert (results[1]["parameters"], results[1]["user"], results[1]["system"]) == ({"limit": "2"}, 0.003, 0.001)


def test_pyperf_loads_its_export(tmp_path: Path) -> None:
    """`pyperf` finds a benchmark for each row, with its values; a subject that is there twice has two names."""
    path = tmp_path / "a.json"
    comparison = swept("1 2 2")
    path.write_text(formats.exporter("pyperf")(comparison))
    suite = pyperf.BenchmarkSuite.load(str(path))
    assert suite.get_benchmark_names() == ["semaphore:limit=1", "semaphore:limit=2", "semaphore:limit=2 (2)"]
    values = suite.get_benchmark("semaphore:limit=1").get_values()
    assert values == tuple(wall / 1e9 for wall in comparison.standings[0].wall_ns)


def test_the_csv_has_a_row_for_each_subject() -> None:
    """Figures in seconds and a column for each parameter."""
    rows = list(csv.DictReader(StringIO(formats.exporter("csv")(swept()))))
    assert [(row["command"], row["parameter_limit"], row["ideal"]) for row in rows] == [
        ("semaphore:limit=1", "1", "0.1"),
        ("semaphore:limit=2", "2", "0.05"),
        ("semaphore:limit=4", "4", "0.03"),
    ]


def test_the_markdown_is_a_table() -> None:
    """A head, a rule and a row for each subject, all with as many cells."""
    head, rule, *rows = formats.exporter("markdown")(swept()).splitlines()
    assert {line.count("|") for line in (head, rule, *rows)} == {8}
    assert rows[1].startswith("| `semaphore:limit=2` | 5")


@pytest.mark.parametrize("writer", ["--export-json", "--resume", "-o"])
def test_earlier_results_are_a_baseline(writer: str, asyncdemo: Asyncdemo, tmp_path: Path) -> None:
    """What any of the files holds can be set beside new results; the same times are no difference."""
    path = str(tmp_path / "base")
    extra = ("--json",) if writer == "-o" else ()
    assert asyncdemo(*SWEEP, writer, path, *extra)[0] == 0
    code, out, err = asyncdemo(*SWEEP, "--baseline", path, "--fail-if-slower", "1%", "--json")
    assert (code, err) == (0, "")
    assert [each["times_faster"] for each in json.loads(out)["baseline"]] == [1.0] * 3


def test_the_row_that_is_slower_is_named(asyncdemo: Asyncdemo, tmp_path: Path) -> None:
    """A row that takes twice as long as before ends it with exit code 1; a limit that is wide enough does not."""
    path = tmp_path / "base.json"
    asyncdemo(*SWEEP, "--export-json", str(path))
    base = json.loads(path.read_text())
    base["results"][1]["times"] = [2.5]
    path.write_text(json.dumps(base))
    code, out, err = asyncdemo(*SWEEP, "--baseline", str(path), "--fail-if-slower", "99%")
    assert code == 1
    assert err == f"asyncdemo: semaphore limit 2 is 100.0% slower than in {path}: --fail-if-slower 99%\n"
    assert "semaphore limit 2 vs the baseline: 2.00x slower" in out
    assert asyncdemo(*SWEEP, "--baseline", str(path), "--fail-if-slower", "101%")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(("semaphore:limit=3",), "semaphore has there limit 2, not 3", id="another value"),
        pytest.param(("semaphore:limit=2", "--tasks", "9"), "tasks 10, not 9", id="another shared option"),
        pytest.param(("semaphore:limit=2", "--scale", "0.1"), "hold 1.0, not 0.1", id="another scale"),
        pytest.param(("event",), "it has no event, only semaphore", id="another concept"),
    ],
)
def test_a_baseline_of_other_parameters_is_refused(
    arguments: tuple[str, ...], said: str, asyncdemo: Asyncdemo, tmp_path: Path
) -> None:
    """What differs is said."""
    path = str(tmp_path / "base.json")
    asyncdemo("bench", "semaphore:limit=2", "--clock", "virtual", "--export-json", path)
    code, out, err = asyncdemo("bench", *arguments, "--clock", "virtual", "--baseline", path)
    assert (code, out) == (USAGE, "")
    assert f"--baseline {path} is of other parameters: " in err
    assert said in err


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("[1, 2]", id="a list"),
        pytest.param('{"results": [{"command": "sleep 1", "times": [1.0]}]}', id="hyperfine's own"),
        pytest.param('{"schema":"asyncdemo-runs/1"}', id="half a journal"),
        pytest.param("\x00\x01", id="no text at all"),
    ],
)
def test_a_foreign_baseline_is_refused(text: str, asyncdemo: Asyncdemo, tmp_path: Path) -> None:
    """A file of something else is said to be no result of asyncdemo's."""
    path = tmp_path / "base.json"
    path.write_text(text)
    code, _, err = asyncdemo(*SWEEP, "--baseline", str(path))
    assert code == USAGE
    assert "is no result of asyncdemo's" in err


def test_a_baseline_from_elsewhere_is_told(asyncdemo: Asyncdemo, tmp_path: Path) -> None:
    """Another processor is no reason to refuse, and one to warn."""
    path = tmp_path / "base.json"
    asyncdemo(*SWEEP, "--export-json", str(path))
    base = json.loads(path.read_text())
    base["asyncdemo"]["env"]["cpu"] = "abacus"
    path.write_text(json.dumps(base))
    (warning,) = json.loads(asyncdemo(*SWEEP, "--baseline", str(path), "--json")[1])["warnings"]
    assert warning.startswith("the baseline was measured elsewhere: cpu is ")
    assert warning.endswith("and abacus there")


def test_the_environment_names_no_host_and_no_user() -> None:
    """What is known of the machine says what it is, not whose."""
    env = compare.environment()
    assert {"python", "platform", "cpu", "cpus", "load", "timer_resolution_ns", "gc"} <= env.keys()
    words = json.dumps(env).lower().split('"')
    assert platform.node().lower() not in words
    assert getpass.getuser().lower() not in words


SCREEN = """\
  variant                median ± σ  vs semaphore  over ideal
  semaphore limit 1  102.0 ms ± 1.0         1.00x       +2.0%  ████████████████
  semaphore limit 2   51.1 ms ± 0.5         2.00x       +2.1%  ████████
  semaphore limit 4   30.7 ms ± 0.2         3.31x       +2.3%  █████
"""  # noqa: RUF001 - sigma is the letter for it


def test_figures_and_a_curve() -> None:
    """A row for each value, how close it comes to the ideal, and the dots on the ideal line over the values."""
    screen = drawn(swept())
    assert screen.startswith(SCREEN)
    *curve, axis, values, name, legend = screen.splitlines()[-15:]
    assert [line.partition("│")[0].strip() for line in curve if line[:8].strip()] == ["120 ms", "60 ms", "0 ms"]
    assert [sum("●" in line for line in curve), axis.count("┬")] == [3, 3]
    assert (values.split(), name.split(), legend) == (["1", "2", "4"], ["limit"], "● semaphore  · ideal")


def test_what_is_faster_than_ideal_is_doubted() -> None:
    """A median well below the ideal, which cannot be, gets a warning; so does an ideal that leaves something out."""
    cell = Cell(parse("a"), {}, "uvloop", 100_000_000, {}, "the time of the sums")
    screen = " ".join(drawn(compared([Sample(cell, (60_000_000,) * 9, (0,) * 9)])).split())
    assert "-40.0%" in screen
    assert "a: faster than the ideal, for its loop's timers do not tell such short times apart" in screen
    assert "the ideal of a leaves out the time of the sums" in screen


@pytest.mark.parametrize("width", [100, 80, 40, 20], ids="{} columns".format)
@pytest.mark.parametrize("ascii_only", [False, True], ids=["unicode", "ascii"])
def test_nothing_is_wider_than_the_screen(width: int, *, ascii_only: bool) -> None:
    """At any width no line reaches the last column, and in ASCII there is nothing else."""
    screen = drawn(swept("1 2 3 4 5 6 7 8 9 10"), width, ascii_only=ascii_only)
    assert max(map(len, screen.splitlines())) < max(width, 36)
    assert screen.isascii() or not ascii_only


NARROW = """\
  variant     median  vs semaphore
  limit 1   102.0 ms         1.00x
  limit 2    51.1 ms         2.00x
  limit 4    30.7 ms         3.31x
"""


def test_a_narrow_screen_has_whole_figures() -> None:
    """At 40 columns the spread gives way, and what all names have in common, so that nothing is cut off."""
    assert drawn(swept(), 40).startswith(NARROW)


def test_values_far_apart_lie_by_factors() -> None:
    """From twenty-fold on equal distances are equal factors; words lie one after the other."""
    axis = curves.Axis.of([1, 10, 100])
    assert [axis.place(value) for value in (1, 10, 100)] == pytest.approx([0, 0.5, 1])
    assert curves.Axis.of([0, 1, 4]).place(1) == 0.25
    assert curves.Axis.of(["enter", "query", "exit"]).place("query") == 0.5


def test_the_svg_is_self_contained() -> None:
    """It is well-formed, has a dot and a label for each value, and takes nothing from elsewhere."""
    sweep = curves.curves(swept())
    assert sweep
    root = ET.fromstring(svg(sweep))  # noqa: S314 - our own
    space = "{http://www.w3.org/2000/svg}"
    assert len(root.findall(f".//{space}circle")) == 3 + 1
    assert {"1", "2", "4", "limit", "semaphore"} <= {each.text for each in root.iter(f"{space}text")}
    assert svg(sweep).count(b"http") == 1


def test_the_png_is_a_picture() -> None:
    """It has the size of the sheet, and colours in it."""
    sweep = curves.curves(swept())
    assert sweep
    image = PIL.Image.open(BytesIO(png(sweep)))
    assert image.size == (1600, 900)
    assert (31, 111, 180) in {color for _, color in image.getcolors(1 << 20) or []}


def test_a_png_without_pillow_is_refused_at_once(
    asyncdemo: Asyncdemo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Exit code 3 and what to install, before anything is measured."""
    monkeypatch.setitem(sys.modules, "PIL", None)
    code, out, err = asyncdemo(*SWEEP, "--plot", str(tmp_path / "a.png"))
    assert (code, out) == (3, "")
    assert "pip install 'asyncdemo[plot]'" in err


def test_the_list_and_the_version_import_none_of_it() -> None:
    """What measures is imported by the commands that measure, and by no other."""
    for command in ("list", "--version"):
        code = f"import sys; from asyncdemo.cli.main import run; run(['{command}']); print(*sys.modules)"
        said: Any = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, check=True, text=True, cwd=PROJECT
        )
        loaded = said.stdout.splitlines()[-1].split()
        assert [name for name in loaded if name.startswith(("asyncdemo.compare", "statistics", "PIL"))] == []
