"""What `compare` and `bench` measure: subjects with their concepts and parameters, refused where they cannot run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from asyncdemo import catalog, compare
from asyncdemo.catalog.concept import Concept
from asyncdemo.cli import concept_options, serving
from asyncdemo.cli.concept import check_clock
from asyncdemo.cli.run_options import RunOptions
from asyncdemo.errors import USAGE, AsyncdemoError
from asyncdemo.subjects import Subject, parse

JOBS = ("jobs", "delay")
"""What is the same for all ways of doing jobs, so that they do the same."""


class Contender(NamedTuple):
    """A cell with the concept that it runs, and the parameters that it runs with."""

    cell: compare.Cell
    concept: Concept
    params: Mapping[str, Any]

    @property
    def arguments(self) -> Mapping[str, Any]:
        """What the concept's `main` is called with."""
        return serving.arguments(self.concept, self.params)


def contenders(
    texts: Sequence[str],
    given: Mapping[str, Any],
    options: RunOptions,
    swept: Mapping[str, Sequence[str]] | None = None,
) -> list[Contender]:
    """Every subject, with every combination of those swept values that it has a parameter for.

    Raises:
        AsyncdemoError: there is no such concept, option or value, or it cannot run like that (exit code 2).
    """
    swept = swept or {}
    parsed = [(subject, catalog.find(subject.name)) for subject in map(parse, texts)]
    _check_works(parsed, shared="work" in swept or concept_options.was_given("work", given))
    for name in swept:
        if not any(option.name == name for _, concept in parsed for option in concept.options):
            has = dict.fromkeys(option.name for _, concept in parsed for option in concept.options)
            raise AsyncdemoError(
                f"-P {name}: {', '.join(concept.name for _, concept in parsed)} has no parameter {name!r}.\n"
                f"There is {', '.join(has) or 'none'}.",
                USAGE,
            )
    jobs = _jobs([concept for _, concept in parsed])
    made = [
        _contender(each, concept, jobs, given, options, own)
        for subject, concept in parsed
        for own in [{name: swept[name] for name in swept if name in concept.defaults()}]
        for each in compare.combined(subject, own)
    ]
    concept_options.check_used([concept for _, concept in parsed], given, [each.params for each in made])
    return made


def _check_works(parsed: Sequence[tuple[Subject, Concept]], *, shared: bool) -> None:
    """Does nothing when every concept that is asked for another work than its own is a way of doing jobs.

    Raises:
        AsyncdemoError: one is none (exit code 2).
    """
    ways = any(concept.works for _, concept in parsed)
    for subject, concept in parsed:
        # There are concepts with an option of that name that says how long they work.
        strange = (shared and ways) or "work" not in concept.defaults()
        if (shared or "work" in subject.options) and strange and not concept.works:
            raise AsyncdemoError(
                f"--work: {concept.name} has a work of its own and cannot do another.\n"
                f"Those that can are {', '.join(each.name for each in catalog.ways())}.",
                USAGE,
            )


def _jobs(concepts: Sequence[Concept]) -> dict[str, Any]:
    """How many jobs ways of doing them have, and how long each takes, unless told: as in the first of them."""
    first = next((each.defaults() for each in concepts if each.works), {})
    return {name: first[name] for name in JOBS if name in first}


def _contender(
    subject: Subject,
    concept: Concept,
    jobs: Mapping[str, Any],
    given: Mapping[str, Any],
    options: RunOptions,
    swept: Mapping[str, Any],
) -> Contender:
    own = concept_options.read_own(concept, subject.options)
    params = concept_options.read(concept, given, jobs if concept.works else {}) | own
    params = concept_options.settled(concept, params, own)
    check_clock(concept, params, options.clock)
    chosen = {name: params[name] for name in swept}
    params = concept_options.scaled(concept, params, options.scale)
    ideal_s = concept.ideal_s(params)
    ideal_ns = None if ideal_s is None else round(ideal_s * 1e9)
    loop = subject.loop or options.loop or "asyncio"
    cell = compare.Cell(subject, serving.shown(params), loop, ideal_ns, chosen, concept.ideal_more)
    return Contender(cell, concept, params)
