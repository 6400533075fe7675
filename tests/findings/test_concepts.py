"""The guide's concepts: those that show a fault are told so by name, the others have no finding beyond notes."""

from __future__ import annotations

import random
from typing import Any

import pytest

from asyncdemo import catalog
from asyncdemo.catalog.concept import Concept
from asyncdemo.cli import concept_options, serving
from asyncdemo.recorder import Recorder, VirtualClock
from asyncdemo.run import run_concept
from tests.findings.programs import FOLDER, findings, recorded

SHOWN = {
    "blocking": {"AD101"},
    "debug": {"AD101", "AD201"},
    "fan-out": {"AD401"},
    "forgotten-await": {"AD201"},
    "gather": {"AD401"},
    "serial": {"AD401"},
}
"""What concepts show on purpose, as they are run by default: the guide's mistakes, and what is compared with better."""
VARIANTS: list[tuple[str, dict[str, Any], set[str]]] = [
    ("cancellation", {"swallow": True}, {"AD205"}),
    ("forgotten-await", {"keep": True}, {"AD201"}),
    ("lock", {"reenter": True}, {"AD301"}),
    ("queue", {"guide": True}, {"AD301"}),
    ("taskgroup", {"fail": 2}, set()),
    ("timeout", {"slow_cleanup": True}, {"AD207"}),
    ("timeout", {"slow_cleanup": True, "using": "timeout"}, {"AD207"}),
    ("timeout", {"blocking": True, "work": 3}, {"AD101"}),
]
IN_VIRTUAL_TIME = [each for each in map(catalog.find, [each.name for each in catalog.concepts()]) if not each.real_only]


def found(concept: Concept, **params: Any) -> dict[str, str]:
    """What the rules find in a concept that runs in virtual time: messages by rule."""
    clock, settled = VirtualClock(), {**concept_options.at_scale(concept, None), **params}
    random.seed(1)
    recorder = Recorder(clock=clock, hold_output=True, closely=True)
    result = run_concept(concept.module, serving.arguments(concept, settled), recorder=recorder, clock=clock)
    assert result.exit_code == 0
    return {each.rule: each.message for each in findings(result.trace)}


@pytest.mark.filterwarnings("ignore:.*never awaited:RuntimeWarning")
@pytest.mark.parametrize("concept", IN_VIRTUAL_TIME, ids=lambda concept: concept.name)
def test_concepts_show_what_they_are_about(concept: Concept) -> None:
    """A concept has the findings that it demonstrates, and no others."""
    said = found(concept)
    assert said.keys() == SHOWN.get(concept.name, set()), said


@pytest.mark.filterwarnings("ignore:.*never awaited:RuntimeWarning")
@pytest.mark.parametrize(("name", "params", "rules"), VARIANTS, ids=str)
def test_mistakes_that_an_option_shows_are_named(name: str, params: dict[str, Any], rules: set[str]) -> None:
    """The guide's own versions, which an option runs, are diagnosed."""
    assert found(catalog.find(name), **params).keys() == rules


def test_the_guides_queue_never_ends() -> None:
    """The guide's listing is diagnosed as the hang that it is, with the reason and what ended it."""
    said = found(catalog.find("queue"), guide=True)["AD301"]
    assert "waits for Queue.join(); no living task will call task_done()" in said
    assert said.endswith("only a time-out ended that, after 2.50 s")


@pytest.mark.parametrize(("program", "concept"), [("ad301_faulty_b_join", "queue"), ("ad301_faulty_a_order", "lock")])
def test_a_deadlock_names_the_concept_of_what_is_waited_for(program: str, concept: str) -> None:
    """Who waits for a queue's items learns from `queue`, who waits for a lock from `lock`."""
    [deadlock] = findings(recorded(FOLDER / f"{program}.py"))
    assert (deadlock.rule, deadlock.concept) == ("AD301", concept)
