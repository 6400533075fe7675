"""The tour on a terminal: each concept is introduced, runs, and waits for a key."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.text import Text

from asyncdemo import catalog
from asyncdemo.catalog.concept import Concept
from asyncdemo.cli import concept as runner
from asyncdemo.cli import concept_options, consoles, terminal
from asyncdemo.cli.keys import ENTER, pressed
from asyncdemo.cli.run_options import RunOptions
from asyncdemo.errors import UNAVAILABLE, AsyncdemoError
from asyncdemo.run.exits import INTERRUPTED

_SKIP, _QUIT = "s", "q"
_RUN = "Enter: run it   s: skip it   q: quit"


def walk(stops: Sequence[Concept], options: RunOptions) -> int:
    """Shows one concept of `stops` after the other; returns the exit code, 1 if a run failed."""
    failed = False
    for number, concept in enumerate(stops, 1):
        _introduce(concept, f"{number} of {len(stops)}", options)
        answer = _answer(_RUN)
        if answer == _QUIT:
            return _farewell(concept, failed=failed)
        if answer == _SKIP:
            continue
        code = _run(concept, options)
        if code == INTERRUPTED:
            return code
        failed = failed or code not in {0, UNAVAILABLE}
        following = stops[number : number + 1]
        if following and _answer(f"Enter: next, {following[0].name}   q: quit") == _QUIT:
            return _farewell(following[0], failed=failed)
    return _farewell(None, failed=failed)


def _introduce(concept: Concept, place: str, options: RunOptions) -> None:
    console = consoles.console(sys.stdout, options.color, options.width)
    chapter = dict(catalog.chapters())[concept.chapter]
    console.print(Text(f"\n{place}: {chapter}, guide {concept.guide}", "dim"))
    console.print(Text.assemble((concept.name, "bold"), f"  {concept.summary}"))
    console.print(Text.assemble(("Watch: ", "bold"), concept.watch))


def _run(concept: Concept, options: RunOptions) -> int:
    print()
    try:
        return runner.run(concept, concept_options.at_scale(concept, options.scale), options)
    except AsyncdemoError as refusal:
        print(f"asyncdemo: {refusal.message}", file=sys.stderr)
        return refusal.exit_code


def _answer(question: str) -> str:
    """The key that answers `question`: ENTER, s or q; the question is gone afterwards where it can be."""
    print(question, end="", flush=True)
    try:
        return pressed(ENTER + _SKIP + _QUIT, _QUIT)
    finally:
        print("\r\x1b[K" if terminal.can_animate(sys.stdout) else "\n", end="", flush=True)


def _farewell(following: Concept | None, *, failed: bool) -> int:
    print(f"Go on from here: asyncdemo tour --from {following.name}" if following else "That is the whole tour.")
    return int(failed)
