"""Which tasks to show: those that every word of a filter fits.

A word is looked for in the task's name, its coroutine, how it ended, and what it waited for and where. `name:`,
`state:` and `wait:` before a word say where alone: `state:failed`, `wait:Lock`. Beside how a task ended a state is what
it does at the moment that one looks at: `state:waiting`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

from asyncdemo.events import OUTCOMES
from asyncdemo.timeline import Lives, State
from asyncdemo.trace import NONE, Outcome
from asyncdemo.views.names import LaneNames

DOING = {
    "ready": (State.READY,),
    "running": (State.RUN,),
    "waiting": (State.WAIT, State.TASKS),
    "sleeping": (State.SLEEP,),
    "holding": (State.HOLD,),
}
"""States of a moment, in the words of filters."""
STATES = (*OUTCOMES.values(), "timeout", *DOING)


class Filter:
    """Finds tasks by words.

    Args:
        lives: the recording.
        names: the names of its tasks' lanes.
    """

    def __init__(self, lives: Lives, names: LaneNames) -> None:
        self._lives = lives
        self._trace = lives.trace
        self._names = names

    def matching(self, text: str, moment_ns: int) -> Sequence[int]:
        """The tasks that all words of `text` fit, in their order; all when there is none."""
        found: Sequence[int] = range(len(self._trace.tasks))
        for word in text.lower().split():
            fits = self._fitting(word, moment_ns)
            found = [task for task in found if fits(task)]
        return found

    def _fitting(self, word: str, moment_ns: int) -> Callable[[int], bool]:
        """Whether a task is one that the word is for."""
        kind, colon, rest = word.partition(":")
        if colon and kind == "name":
            return self._named(rest).__contains__
        if colon and kind == "wait":
            return self._waited(rest).__contains__
        if colon and kind == "state":
            return self._in_state(rest, moment_ns)
        return (self._named(word) | self._waited(word) | self._ended(word)).__contains__

    def _named(self, word: str) -> set[int]:
        """Tasks with the word in their name, their coroutine's or what ended them."""
        tasks, hits = self._trace.tasks, {row for row, text in enumerate(self._strings) if word in text}
        return {
            task
            for task, (name, coro, error) in enumerate(zip(tasks.name, tasks.coro, tasks.error, strict=True))
            if coro in hits or name in hits or error in hits or (name < 0 and word in self._names[task].lower())
        }

    def _waited(self, word: str) -> set[int]:
        """Tasks that ever waited for something with the word in it, or at such a line."""
        trace, waits = self._trace, self._trace.waits
        rows = zip(waits.on, waits.site, strict=True)
        hits = {
            row for row, (on, site) in enumerate(rows) if word in f"{trace.text(on)} {trace.site_text(site)}".lower()
        }
        if not hits:
            return set()
        ran = {task for task, wait in zip(trace.steps.task, trace.steps.wait, strict=True) if wait in hits}
        return ran.union(task for task, wait in enumerate(trace.tasks.waiting) if wait in hits)

    def _ended(self, word: str) -> set[int]:
        outcomes = {outcome for outcome, text in OUTCOMES.items() if text.startswith(word)}
        return {task for task, outcome in enumerate(self._trace.tasks.outcome) if outcome in outcomes}

    def _in_state(self, word: str, moment_ns: int) -> Callable[[int], bool]:
        tasks = self._trace.tasks
        states = {state for text, wanted in DOING.items() if word and text.startswith(word) for state in wanted}
        outcomes = {outcome for outcome, text in OUTCOMES.items() if word and text.startswith(word)}
        late = bool(word) and "timeout".startswith(word)

        def fits(task: int) -> bool:
            if tasks.outcome[task] in outcomes or (late and self._is_late(task)):
                return True
            now = self._lives.at(task, moment_ns) if states else None
            return now is not None and now.state in states

        return fits

    def _is_late(self, task: int) -> bool:
        error = self._trace.tasks.error[task]
        raised = self._trace.tasks.outcome[task] == Outcome.RAISED and error != NONE
        return raised and self._trace.text(error).startswith("TimeoutError")

    @cached_property
    def _strings(self) -> list[str]:
        return [text.lower() for text in self._trace.strings]
