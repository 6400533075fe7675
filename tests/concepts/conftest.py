"""Runs concepts: in virtual time, where every printed time is exact, and as programs of their own; from one seed."""

from __future__ import annotations

import asyncio
import importlib
import random
import re
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from asyncdemo import catalog
from asyncdemo.catalog import Summary
from asyncdemo.catalog.concept import Concept, Value
from asyncdemo.cli.obstacles import obstacle
from asyncdemo.recorder.clock import VirtualClock
from tests.concepts.aside import Aside

Run = Callable[..., tuple[list[str], int]]

SEED = 1
"""Of every run that a test makes: what a concept that draws random numbers prints is the same each time."""


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """`run(name, **params)`: the lines that a concept prints in virtual time, and the nanoseconds that it takes."""

    def run_concept(name: str, **params: Value) -> tuple[list[str], int]:
        random.seed(SEED)
        main = importlib.import_module(catalog.find(name).module).main
        clock = VirtualClock()
        with clock.installed(), asyncio.Runner(loop_factory=clock.new_event_loop) as runner:
            runner.run(main(**params))
        return capsys.readouterr().out.splitlines(), clock.now_ns()

    return run_concept


def runnable(concept: Summary | Concept, *values: object) -> Any:
    """A test parameter about `concept`: `values`, or its name; skipped where it cannot run, and said why."""
    why_not = obstacle(concept)
    marks = pytest.mark.skipif(why_not is not None, reason=f"{concept.name}: {why_not}")
    return pytest.param(*(values or (concept.name,)), marks=marks)


def importable(concept: Summary | Concept) -> Any:
    """A test parameter: the name of `concept`, which can be told of a server; skipped where its library is missing."""
    missing = concept.library is not None and find_spec(concept.library) is None
    mark = pytest.mark.skipif(missing, reason=f"{concept.name}: it needs {concept.library}")
    return pytest.param(concept.name, marks=mark)


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory, servers_at_work: dict[str, str]) -> Iterator[Aside]:
    """Each concept as a program of its own."""
    aside = Aside(tmp_path_factory.mktemp("programs"))
    for each in catalog.concepts():
        if obstacle(each) is None:
            aside.start(each.name, program(each.name, servers_at_work.get(each.server or "")))
    yield aside
    aside.close()


def program(name: str, url: str | None) -> list[str]:
    """Plain `python FILE`; where that draws random numbers, from the seed of the expected run.

    One that talks to a server is not left to look for it at its usual address, but told the one at `url`.
    """
    concept = catalog.find(name)
    seeded = f"import random, runpy; random.seed({SEED}); runpy.run_path({str(concept.path)!r}, run_name='__main__')"
    what = ["-c", seeded] if "import random" in concept.source else [str(concept.path)]
    if url:
        main = f"functools.partial(runpy.run_path({str(concept.path)!r})['main'], url={url!r})"
        run = f"trio.run({main})" if concept.library == "trio" else f"asyncio.run({main}())"
        told = f"import asyncio, functools, runpy; {'import trio; ' if concept.library == 'trio' else ''}{run}"
        what = ["-c", told]
    return [sys.executable, *what]


def expected(name: str) -> list[str]:
    """The lines that the concept prints in its default run."""
    return (Path(__file__).parent / f"{name}.txt").read_text(encoding="utf-8").splitlines()


def comparable(lines: list[str]) -> list[str]:
    """The lines without what differs from run to run, sorted.

    That is times, lengths, the loop's class, its threads, and which of several consumers was there first.
    """
    times = r"-?\d+\.\d+|(?<=length: )\d+"
    names = r"(?<=<class ').+(?='>)|(?<=thread ')\w+|(?<=^Consumer )\d+|(?<=^Worker )\d+(?= did)"
    return sorted(re.sub(f"{times}|{names}", "N", line) for line in lines)
