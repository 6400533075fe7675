"""What holds of every concept. The text file of its name is its expected run: with defaults, in virtual time."""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from collections.abc import Callable

import pytest

from asyncdemo import catalog
from asyncdemo.catalog.concept import Value
from asyncdemo.cli import concept_options
from asyncdemo.cli.concept import recorded
from asyncdemo.recorder import RealClock
from asyncdemo.recorder.sites import is_installed
from asyncdemo.trace import Outcome, Trace
from tests.concepts.conftest import SEED, comparable, expected, runnable
from tests.concepts.variants import QUICK, VARIANTS

Run = Callable[..., tuple[list[str], int]]

NAMES = [each.name for each in catalog.concepts()]
RUNNABLE = [runnable(each) for each in catalog.concepts()]
VIRTUAL = [name for name in NAMES if not catalog.find(name).real_only]
LONGEST_FILE = 70

# They start with the first test here, and run until `test_programs` asks for them.
pytestmark = pytest.mark.usefixtures("programs")


@pytest.mark.parametrize("name", VIRTUAL)
def test_the_default_run_prints_what_it_should(name: str, run: Run) -> None:
    """In virtual time a concept prints exactly its expected lines, elapsed times included."""
    lines, _ = run(name)
    assert lines == expected(name)


@pytest.mark.parametrize(
    ("name", "params"),
    [*((name, {}) for name in VIRTUAL), *VARIANTS],
    ids=lambda each: each if isinstance(each, str) else " ".join(f"{k} {v}" for k, v in each.items()) or "defaults",
)
def test_the_ideal_time_is_the_virtual_time(name: str, params: dict[str, Value], run: Run) -> None:
    """Where nothing but waiting takes time, a concept takes its ideal time to the nanosecond."""
    ideal_s = catalog.find(name).ideal_s(params)
    _, took_ns = run(name, **params)
    assert ideal_s is not None
    assert took_ns == round(ideal_s * 1e9)


@pytest.mark.parametrize("name", RUNNABLE)
def test_the_options_are_the_parameters_of_main(name: str) -> None:
    """The options that the catalog reads are main's parameters as Python sees them, in order, with their defaults.

    What the jobs of a way do is a function there and a word here; the address of its server is the work's parameter.
    """
    concept = catalog.find(name)
    parameters = inspect.signature(importlib.import_module(concept.module).main).parameters
    defaults = {each.name: each.default for each in parameters.values()}
    if concept.works:
        defaults |= {"work": defaults["work"].__name__, "url": concept.defaults()["url"]}
    assert concept.defaults() == defaults


@pytest.mark.parametrize("name", NAMES)
def test_a_concept_is_short_and_says_what_it_is(name: str) -> None:
    """A file fits two screens, a summary fits the list, every text about it is sentences, and it has an ideal time."""
    concept = catalog.find(name)
    assert concept.source.count("\n") <= LONGEST_FILE
    assert len(concept.summary) <= 66
    assert concept.ideal
    for text in (concept.summary, concept.prose, concept.watch, *concept.corrections):
        assert re.fullmatch(r"[A-Z`].*[.]", text, re.DOTALL), text


@pytest.mark.parametrize("name", NAMES)
def test_a_concept_does_not_hide_a_standard_module(name: str) -> None:
    """No file is called like a standard module: run by itself, it and its neighbours would import it in its place."""
    assert catalog.find(name).path.stem not in sys.stdlib_module_names


@pytest.mark.parametrize("name", [runnable(each) for each in catalog.concepts() if each.library != "trio"])
def test_a_concept_does_the_same_on_uvloop(name: str) -> None:
    """On the other loop the same tasks end in the same way and lines of the same kinds are printed."""
    pytest.importorskip("uvloop")
    on_asyncio, on_uvloop = recording(name, "asyncio"), recording(name, "uvloop")
    assert outcomes(on_uvloop) == outcomes(on_asyncio)
    assert kinds_of_lines(on_uvloop) == kinds_of_lines(on_asyncio)


def recording(name: str, loop: str) -> Trace:
    """A concept's default run on a loop, at a fiftieth of its durations and with little work."""
    concept = catalog.find(name)
    params = concept_options.at_scale(concept, 0.02) | QUICK.get(name, {})
    result, fault = recorded(concept, params, RealClock(), loop, seed=SEED, title=name)
    assert (result.exit_code, result.error, fault) == (0, None, None)
    return result.trace


def outcomes(trace: Trace) -> list[tuple[str, str]]:
    """Each task's name, without the number of a default one, and how it ended; not those that a library makes."""
    tasks = [task for task in range(len(trace.tasks)) if not is_installed(file_of(trace, trace.tasks.defined[task]))]
    return sorted(
        (re.sub(r"^Task-\d+$", "Task", trace.task_name(task)), Outcome(trace.tasks.outcome[task]).name)
        for task in tasks
    )


def file_of(trace: Trace, site: int) -> str:
    """The file of a site, or "" when there is none."""
    return trace.text(trace.sites.file[site]) if site >= 0 else ""


def kinds_of_lines(trace: Trace) -> set[str]:
    """The lines that it printed without their numbers, for in a hurry they need not be the same."""
    return {re.sub(r"\d+", "N", line) for line in comparable([trace.text(text) for text in trace.lines.text])}
