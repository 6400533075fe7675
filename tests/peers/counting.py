"""Run a program as Python does, and count its tasks and their steps: each time that the loop resumes a coroutine.

Usage: python -m tests.peers.counting SCRIPT [ARGS...]

Prints the two counts, which owe nothing to any recorder.
"""

from __future__ import annotations

import asyncio
import runpy
import sys
from collections.abc import Coroutine, Generator
from typing import Any

COUNTS = {"tasks": 0, "steps": 0}


class Counted(Coroutine[Any, Any, Any]):
    """A coroutine that counts how often it is resumed."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        COUNTS["tasks"] += 1
        self._coroutine = coroutine

    def send(self, value: Any) -> Any:
        """One step."""
        COUNTS["steps"] += 1
        return self._coroutine.send(value)

    def throw(self, *error: Any) -> Any:
        """One step that begins with an error."""
        COUNTS["steps"] += 1
        return self._coroutine.throw(*error)

    def close(self) -> None:
        """The coroutine's own."""
        self._coroutine.close()

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._coroutine.__await__()


def counted(loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any) -> asyncio.Task[Any]:
    """A task factory."""
    return asyncio.Task(Counted(coroutine), loop=loop, **options)


def run(main: Any, **options: Any) -> Any:
    """`asyncio.run`, whose own tasks at the end are not the program's."""
    with asyncio.Runner(**options) as runner:
        runner.get_loop().set_task_factory(counted)
        try:
            return runner.run(main)
        finally:
            runner.get_loop().set_task_factory(None)


if __name__ == "__main__":
    asyncio.run = run
    _, script, *arguments = sys.argv
    sys.argv = [script, *arguments]
    runpy.run_path(script, run_name="__main__")
    print(f"{COUNTS['tasks']} tasks, {COUNTS['steps']} steps")
