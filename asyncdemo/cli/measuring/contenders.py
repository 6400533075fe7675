"""What `compare` and `bench` measure: subjects with what they run, refused where they cannot run like that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from asyncdemo import catalog, compare
from asyncdemo.catalog.concept import Concept
from asyncdemo.cli import concept_options, serving
from asyncdemo.cli.concept import check_clock
from asyncdemo.cli.measuring.contender import ConceptContender, Contender, ScriptContender
from asyncdemo.cli.run_options import RunOptions
from asyncdemo.errors import USAGE, AsyncdemoError
from asyncdemo.run import Script
from asyncdemo.subjects import Subject, parse

JOBS = ("jobs", "delay")
"""What is the same for all ways of doing jobs, so that they do the same."""
OWN_LOOP = "its own"
"""The loop of a script that was asked to run on none."""


def contenders(
    texts: Sequence[str],
    given: Mapping[str, Any],
    options: RunOptions,
    swept: Mapping[str, Sequence[str]] | None = None,
) -> list[Contender]:
    """Every subject, with every combination of those swept values that it has a parameter for.

    Raises:
        AsyncdemoError: there is no such concept, script, option or value, or it cannot run like that (exit code 2).
    """
    swept = swept or {}
    subjects = [parse(text) for text in texts]
    known = [None if subject.is_script else catalog.find(subject.name) for subject in subjects]
    parsed = [(subject, concept) for subject, concept in zip(subjects, known, strict=True) if concept]
    concepts = [concept for _, concept in parsed]
    _check_works(parsed, shared="work" in swept or concept_options.was_given("work", given))
    _check_swept(swept, subjects, concepts)
    jobs, made = _jobs(concepts), list[Contender]()
    for subject, concept in zip(subjects, known, strict=True):
        if concept is None:
            made.append(_script(subject, options))
            continue
        own = {name: swept[name] for name in swept if name in concept.defaults()}
        made += [_concept(each, concept, jobs, given, options, own) for each in compare.combined(subject, own)]
    used = [each.params for each in made if isinstance(each, ConceptContender)]
    concept_options.check_used(concepts, given, used)
    return made


def _check_swept(swept: Iterable[str], subjects: Iterable[Subject], concepts: Sequence[Concept]) -> None:
    """Does nothing when there is a subject for each swept parameter.

    Raises:
        AsyncdemoError: none has it (exit code 2); says which there are.
    """
    has = dict.fromkeys(option.name for concept in concepts for option in concept.options)
    for name in swept:
        if name not in has:
            who = ", ".join(dict.fromkeys(subject.name for subject in subjects))
            raise AsyncdemoError(
                f"-P {name}: {who} has no parameter {name!r}.\nThere is {', '.join(has) or 'none'}.", USAGE
            )


def _script(subject: Subject, options: RunOptions) -> ScriptContender:
    """A script of the user's own, which has nothing that could be set.

    Raises:
        AsyncdemoError: it cannot be read, or is to be set (exit code 2).
    """
    if subject.options:
        raise AsyncdemoError(
            f"The subject {str(subject)!r} is a script, which has no options here.\n"
            f"Write {subject.name}, or {subject.name}@uvloop.",
            USAGE,
        )
    if options.scale is not None:
        raise AsyncdemoError(f"--scale: the durations of the script {subject.name} are not known.", USAGE)
    loop = subject.loop or options.loop
    cell = compare.Cell(subject, loop=loop or OWN_LOOP)
    return ScriptContender(cell, Script.read(subject.name), loop)


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


def _concept(
    subject: Subject,
    concept: Concept,
    jobs: Mapping[str, Any],
    given: Mapping[str, Any],
    options: RunOptions,
    swept: Mapping[str, Any],
) -> ConceptContender:
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
    return ConceptContender(cell, concept, params)
