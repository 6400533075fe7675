"""Comparing: subjects, the order of runs, the statistics, and what machines read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import inf
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asyncdemo.compare import (
    VIRTUAL,
    Cell,
    Comparison,
    Picture,
    Plan,
    Sample,
    compared,
    document,
    outliers,
    ratio,
    run,
)
from asyncdemo.errors import USAGE, AsyncdemoError
from asyncdemo.subjects import Subject, parse
from tests.traces import semaphore

durations = st.lists(st.integers(1_000, 10**12), min_size=2, max_size=20)


@dataclass
class Measurement:
    """One made-up run."""

    wall_ns: int
    cpu_ns: int = 0
    system_ns: int = 0


def sample(subject: str, *milliseconds: float) -> Sample:
    """A sample of made-up runs."""
    walls = tuple(round(ms * 1_000_000) for ms in milliseconds)
    return Sample(Cell(parse(subject)), walls, (0,) * len(walls))


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        pytest.param("gather", Subject("gather"), id="a name alone"),
        pytest.param("semaphore:limit=5", Subject("semaphore", {"limit": "5"}), id="an option"),
        pytest.param("a:b=1,c=50ms@uvloop", Subject("a", {"b": "1", "c": "50ms"}, "uvloop"), id="all at once"),
        pytest.param("a@asyncio", Subject("a", {}, "asyncio"), id="a loop alone"),
        pytest.param("a:--max-size=3", Subject("a", {"max_size": "3"}), id="an option as on the command line"),
    ],
)
def test_a_subject_is_a_name_options_and_a_loop(text: str, subject: Subject) -> None:
    """What is written is what is meant, and what it is written as again means the same."""
    assert parse(text) == subject
    assert parse(str(subject)) == subject


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("", "has no name", id="nothing"),
        pytest.param(":limit=3", "has no name", id="no name"),
        pytest.param("semaphore:", "where an option belongs", id="a colon without options"),
        pytest.param("semaphore:limit", "'limit' where an option belongs", id="no value"),
        pytest.param("semaphore:=3", "'=3' where an option belongs", id="no option"),
        pytest.param("semaphore:limit=3,limit=4", "'limit' twice", id="an option twice"),
        pytest.param("semaphore@trio", "the loop 'trio'", id="a loop that there is not"),
        pytest.param("semaphore@", "the loop ''", id="an at sign without a loop"),
    ],
)
def test_what_is_no_subject_is_refused(text: str, said: str) -> None:
    """The error says what was given and what is allowed, and is one of usage."""
    with pytest.raises(AsyncdemoError) as caught:
        parse(text)
    assert said in caught.value.message
    assert caught.value.exit_code == USAGE
    assert len(caught.value.message.splitlines()) == 2


def ran(subjects: str, plan: Plan, wall_s: float = 1.0) -> list[str]:
    """The names of the subjects in the order in which they were measured."""
    order: list[str] = []

    def measure(cell: Cell) -> Measurement:
        order.append(cell.subject.name)
        return Measurement(round(wall_s * 1e9))

    run([Cell(parse(name)) for name in subjects], measure, plan, seconds=lambda: len(order) * wall_s)
    return order


def test_every_round_runs_every_subject_once_after_the_warm_up() -> None:
    """Runs are interleaved: each round has each subject once, whatever the order."""
    order = ran("abc", Plan.exactly(4, seed=1))
    assert order[:3] == ["a", "b", "c"]
    assert [sorted(order[first : first + 3]) for first in range(3, 15, 3)] == [["a", "b", "c"]] * 4
    assert len(order) == 15


def test_the_seed_decides_the_order() -> None:
    """The same seed gives the same order of runs, and not every round has the same one."""
    one = ran("abcdef", Plan.exactly(5, seed=7))
    assert one == ran("abcdef", Plan.exactly(5, seed=7))
    assert len({tuple(one[first : first + 6]) for first in range(6, 36, 6)}) > 1


@pytest.mark.parametrize(
    ("plan", "wall_s", "runs"),
    [
        pytest.param(Plan(), 0.001, 10, id="ten when runs are short"),
        pytest.param(Plan(), 1.0, 5, id="as many as fit the budget"),
        pytest.param(Plan(), 60.0, 3, id="three however long they take"),
        pytest.param(Plan.exactly(20), 60.0, 20, id="what was asked for"),
        pytest.param(Plan.exactly(1), 0.001, 1, id="one when one was asked for"),
        pytest.param(VIRTUAL, 0.001, 1, id="one in virtual time"),
    ],
)
def test_how_many_runs(plan: Plan, wall_s: float, runs: int) -> None:
    """Two subjects are run as often as the plan and the time that they take allow."""
    assert len(ran("ab", plan, wall_s)) == 2 * (runs + plan.warmups)


def test_samples_keep_their_subject_and_the_order_of_their_runs() -> None:
    """However the rounds are shuffled, each subject gets its own measurements."""
    made = iter(range(1, 100))
    took: dict[str, list[int]] = {"a": [], "b": []}

    def measure(cell: Cell) -> Measurement:
        wall = next(made)
        took[cell.subject.name].append(wall)
        return Measurement(wall, -wall)

    samples = run([Cell(parse("a")), Cell(parse("b"))], measure, Plan.exactly(5, seed=3))
    assert [list(one.wall_ns) for one in samples] == [took["a"][1:], took["b"][1:]]
    assert [one.cpu_ns for one in samples] == [tuple(-wall for wall in one.wall_ns) for one in samples]


@given(durations)
def test_a_sample_does_not_differ_from_itself(samples: list[int]) -> None:
    """The ratio of a sample to itself is 1, and no difference is found."""
    same = ratio(samples, samples)
    assert same.times == 1
    assert same.different is False


@given(durations, durations)
def test_exchanging_two_samples_gives_the_reciprocal(one: list[int], other: list[int]) -> None:
    """Who is the baseline changes nothing but the direction."""
    there, back = ratio(one, other), ratio(other, one)
    assert there.times * back.times == pytest.approx(1)
    assert there.low is not None
    assert back.high is not None
    assert there.low * min(back.high, 1e300) == pytest.approx(1) or there.low < 1e-200
    assert there.different == back.different


@given(durations, durations, st.integers(2, 1_000))
def test_the_unit_does_not_matter(one: list[int], other: list[int], factor: int) -> None:
    """Times in another unit give the same ratio and the same interval."""
    before = ratio(one, other)
    after = ratio([factor * each for each in one], [factor * each for each in other])
    assert (after.times, after.sigma, after.low) == pytest.approx((before.times, before.sigma, before.low))


@given(durations, durations)
def test_the_interval_holds_the_ratio(one: list[int], other: list[int]) -> None:
    """The ratio lies within its own interval."""
    found = ratio(one, other)
    assert found.low is not None
    assert found.high is not None
    assert found.low <= found.times <= found.high


@pytest.mark.parametrize("runs", [3, 5, 10], ids="{} runs".format)
@pytest.mark.parametrize("spread", [0.01, 0.1], ids=["steady", "noisy"])
def test_the_interval_holds_the_true_ratio_nearly_always(runs: int, spread: float) -> None:
    """Of 500 comparisons of normal samples at most 30 have the true ratio outside their interval of 95 %."""
    random = Random(runs)
    missed = 0
    for _ in range(500):
        one = [random.gauss(3, 3 * spread) for _ in range(runs)]
        other = [random.gauss(1, spread / 2) for _ in range(runs)]
        found = ratio(one, other)
        missed += not (found.low or 0) <= 3 <= (found.high or 0)
    assert missed <= 30


def test_a_real_difference_is_found() -> None:
    """Ten runs that differ by three times their spread are told apart."""
    random = Random(5)
    one, other = ([random.gauss(mean, 0.01) for _ in range(10)] for mean in (1.0, 1.03))
    assert ratio(one, other).different is True


def test_sigma_of_a_ratio_is_that_of_independent_errors() -> None:
    """Ratio x sqrt((sa / a)^2 + (sb / b)^2)."""
    assert ratio([3, 4, 5], [2, 2, 2]).sigma == pytest.approx(2 * 1 / 4)


@pytest.mark.parametrize(
    ("one", "other", "times"),
    [
        pytest.param([4], [1], 4.0, id="one run each"),
        pytest.param([4], [0], inf, id="no time at all"),
        pytest.param([0], [4], 0.0, id="a baseline of no time"),
        pytest.param([0], [0], 1.0, id="neither takes any time"),
    ],
)
def test_one_run_each_has_a_ratio_and_no_interval(one: list[int], other: list[int], times: float) -> None:
    """Without a spread nothing is said of how sure the ratio is."""
    found = ratio(one, other)
    assert (found.times, found.sigma, found.low, found.high, found.different) == (times, None, None, None, None)


@pytest.mark.parametrize(
    ("milliseconds", "found"),
    [
        pytest.param([100, 101, 102, 99, 100, 150], [150], id="far out"),
        pytest.param([100, 101, 102, 99, 100, 103], [], id="within the spread"),
        pytest.param([100, 100, 100, 100, 101.9], [], id="less than 2 % off"),
        pytest.param([1, 1, 1, 1, 1.9], [], id="less than 1 ms off"),
        pytest.param([100, 80, 120, 60, 140, 300], [], id="as far off as noisy runs are"),
    ],
)
def test_outliers_are_far_off_by_any_measure(milliseconds: list[float], found: list[float]) -> None:
    """Only what lies far outside the spread, and by more than a trifle, counts as disturbed."""
    assert [each / 1e6 for each in outliers([ms * 1e6 for ms in milliseconds])] == found


def comparison() -> Comparison:
    """Two subjects in real time, the second instrumented as well."""
    pictures = [None, Picture(semaphore(), 220_000_000)]
    samples = [sample("serial", 1000, 1002, 1001), sample("semaphore:limit=3@uvloop", 200, 201, 199)]
    return compared(samples, pictures, seed=4, meta={"command": "compare"})


def test_figures_are_against_the_first_subject() -> None:
    """The first subject is the baseline, and an instrumented run tells what recording costs."""
    serial, semaphores = comparison().standings
    assert (serial.median_ns, serial.ratio.times, serial.overhead) == (1_001_000_000, 1.0, None)
    assert semaphores.ratio.times == pytest.approx(5.005)
    assert semaphores.overhead == pytest.approx(0.1)


def test_every_pair_gets_a_verdict() -> None:
    """Three subjects make three verdicts, the earlier subject being the baseline."""
    three = compared([sample("a", 3, 3), sample("b", 2, 2), sample("c", 2, 2)])
    pairs = [(verdict.baseline.name, verdict.subject.name, verdict.ratio.times) for verdict in three.verdicts()]
    assert pairs == [("a", "b", 1.5), ("a", "c", 1.5), ("b", "c", 1.0)]


def test_machines_read_every_run_and_every_ratio() -> None:
    """The document holds what was measured and what was concluded, in plain JSON."""
    found = json.loads(json.dumps(document(comparison()), allow_nan=False))
    assert (found["schema"], found["command"], found["seed"]) == ("asyncdemo-compare/1", "compare", 4)
    serial, semaphores = found["subjects"]
    assert serial["runs"][0] == {"wall_ns": 1_000_000_000, "cpu_ns": 0}
    assert semaphores["subject"] == "semaphore:limit=3@uvloop"
    assert (semaphores["instrumented_ns"], semaphores["overhead"]) == (220_000_000, pytest.approx(0.1))
    (verdict,) = found["ratios"]
    assert (verdict["subject"], verdict["baseline"]) == ("semaphore:limit=3@uvloop", "serial")
    assert verdict["times_faster"] == pytest.approx(5.005)
    assert verdict["different"] is True


@pytest.mark.parametrize(("other", "times", "different"), [(4, 1.0, False), (2, 2.0, True), (0, None, True)])
def test_virtual_times_are_exact(other: float, times: float | None, *, different: bool) -> None:
    """In virtual time one run each settles it; a ratio that is no number is null."""
    found = document(compared([sample("a", 4), sample("b", other)], exact=True))
    (verdict,) = found["ratios"]
    assert (verdict["times_faster"], verdict["low"], verdict["different"]) == (times, None, different)
    assert found["confidence"] is None
