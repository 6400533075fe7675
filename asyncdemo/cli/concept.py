"""`asyncdemo CONCEPT`: runs a concept, whose options are the parameters of its `main`."""

from __future__ import annotations

import random
import sys
from collections.abc import Mapping
from functools import partial
from typing import Any

from typer.core import TyperCommand

from asyncdemo import catalog
from asyncdemo.catalog.concept import Concept
from asyncdemo.cli import concept_options, run_options, serving
from asyncdemo.cli.run_options import RunOptions
from asyncdemo.cli.session import Session
from asyncdemo.errors import TIMED_OUT, UNAVAILABLE, USAGE, AsyncdemoError
from asyncdemo.recorder import RealClock, Recorder, VirtualClock
from asyncdemo.run import Result, run_concept
from asyncdemo.run.exits import INTERRUPTED, abandon_threads


def command(name: str) -> TyperCommand:
    """The command of the concept called `name`."""
    concept = catalog.find(name)
    return TyperCommand(
        name,
        help=_help(concept),
        callback=partial(_run, concept),
        params=[*concept_options.declared(concept), *run_options.declared()],
    )


def _help(concept: Concept) -> str:
    """Summary, explanation, what to watch, and the examples, in Rich's markup."""
    prose = concept_options.literally(concept.prose)
    watch = f"[bold]Watch:[/bold] {concept_options.literally(concept.watch)}"
    examples = [f"  {concept_options.literally(each)}" for each in concept.examples]
    shown = "\n".join(["[bold]Examples:[/bold]", *examples]) if examples else ""
    # Typer dims all but the first paragraph, which is what there is to read here.
    paragraphs = [f"[not dim]{each}[/]" for each in (prose, watch, shown) if each]
    return "\n\n".join([f"[bold]{concept_options.literally(concept.summary)}[/bold]", *paragraphs])


def _run(concept: Concept, **given: Any) -> int:
    options = run_options.read(given)
    params = concept_options.settled(concept, concept_options.read(concept, given))
    params = concept_options.scaled(concept, params, options.scale)
    concept_options.check_seed(concept, options.seed)
    check_clock(concept, params, options.clock)
    return run(concept, params, options)


def run(concept: Concept, params: Mapping[str, Any], options: RunOptions) -> int:
    """Runs `concept`, shows it as `options` say, and returns the exit code.

    Raises:
        AsyncdemoError: it cannot run here (exit code 3), or not as `options` say.
    """
    _check_platform(concept)
    session = Session(
        options,
        concept.name,
        serving.shown(params),
        ideal_s=concept.ideal_s(params),
        ideal_more=concept.ideal_more,
        about=concept_options.described(concept, params),
        watch=concept.watch,
        mask=serving.mask(params),
    )
    random.seed(options.seed)
    with serving.served(concept, params, options.timeout) as served:
        session.begin()
        try:
            result = run_concept(
                concept.module,
                serving.arguments(concept, served),
                recorder=session.recorder,
                clock=session.clock,
                loop=options.loop or "asyncio",
                timeout_s=options.timeout,
                farewell=session.farewell,
                explain=serving.explaining(concept, served),
            )
        except AsyncdemoError as refusal:
            session.conclude(Result(session.recorder.stop(), refusal.exit_code, 0))
            raise
    code = session.conclude(result)
    if code in {INTERRUPTED, TIMED_OUT}:
        abandon_threads(code)
    return code


def recorded(
    concept: Concept,
    params: Mapping[str, Any],
    clock: RealClock | VirtualClock,
    loop: str,
    *,
    seed: int | None,
    title: str,
    timeout_s: float | None = None,
) -> tuple[Result, str | None]:
    """Runs `concept` with nobody looking on and nothing shown: what came of it, and what went wrong with the recorder.

    Raises:
        AsyncdemoError: it or the loop is not available here (exit code 3), or the clock refused what it does.
    """
    _check_platform(concept)
    random.seed(seed)
    recorder = Recorder(clock=clock, hold_output=True, meta={"command": title}, mask=serving.mask(params))
    with serving.served(concept, params, timeout_s) as served:
        result = run_concept(
            concept.module,
            serving.arguments(concept, served),
            recorder=recorder,
            clock=clock,
            loop=loop,
            timeout_s=timeout_s,
            explain=serving.explaining(concept, served),
        )
    return result, recorder.fault


def check_clock(concept: Concept, params: Mapping[str, Any], clock: str) -> None:
    """Does nothing when `concept` can run with `params` under `clock`.

    Raises:
        AsyncdemoError: it needs what does not obey a virtual clock (exit code 2).
    """
    if clock == "virtual" and (work := concept.work(params)) and not concept.real_only:
        raise AsyncdemoError(
            f"--clock virtual: {concept.name} --work {work.name} takes real time.\nUse --clock real, or --work sleep.",
            USAGE,
        )
    option = concept.real_option(params)
    needed = concept.real_only or (option and option.needs)
    if clock == "virtual" and needed:
        who = concept.name if concept.real_only or not option else f"{concept.name} {concept_options.flag(option)}"
        raise AsyncdemoError(
            f"--clock virtual: {who} needs real {needed}, which do not obey a virtual clock.\nUse --clock real.", USAGE
        )


def _check_platform(concept: Concept) -> None:
    if concept.platform == "Unix" and sys.platform == "win32":
        raise AsyncdemoError(f"{concept.name} needs Unix.", UNAVAILABLE)
