"""Measuring the cells of a sweep on a cluster: each whole, on one worker, in a process of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, replace
from typing import Any

from asyncdemo import __version__, compare
from asyncdemo.cli.measuring.contender import ConceptContender, Contender
from asyncdemo.cli.run_options import RunOptions
from asyncdemo.cluster import Task, opened
from asyncdemo.errors import AsyncdemoError

PATIENCE_S = 10.0
"""How long a scheduler, or a worker when there is none, may take to answer."""
_ARGUMENTS = ("-m", "asyncdemo.cli.measuring.cell")


class Spread:
    """Spreads cells over a cluster.

    Args:
        address: the scheduler's, or `local`.
        plan: how often to run each cell; the budget is for all of them together.
        options: the run options.
        watched: whether to run each again for the figures that cannot be had without disturbing the times.

    Attributes:
        size: how many workers there were, and on how many machines, once cells were spread.
    """

    def __init__(self, address: str, plan: compare.Plan, options: RunOptions, *, watched: bool) -> None:
        self._address = address
        self._plan = plan
        self._options = options
        self._watched = watched
        self._open = ExitStack()
        self.size: dict[str, int] = {}

    def reports(self, contenders: Mapping[int, Contender]) -> Iterator[tuple[int, compare.Report]]:
        """The index and what was measured of each cell, in the order in which they are done.

        Raises:
            AsyncdemoError: there is no such cluster (exit code 3), or a cell failed.
        """
        if not contenders:
            return
        indices = list(contenders)
        # What nobody answers is told before the time is up, and then that is why.
        patience_s = min(PATIENCE_S, (self._options.timeout or PATIENCE_S) / 2)
        with self._open:
            cluster = self._open.enter_context(opened(self._address, __version__, patience_s))
            self.size = {"workers": cluster.workers, "machines": cluster.machines}
            turns = -(-len(indices) // cluster.workers)
            plan = replace(self._plan, budget_s=self._plan.budget_s / turns)
            tasks = [self._task(contenders[index], plan) for index in indices]
            for place, answer in cluster.results(tasks):
                yield indices[place], _read(answer)

    def close(self) -> None:
        """Leaves the cluster, and ends one that was started here; for a process that is about to end."""
        self._open.close()

    def _task(self, contender: Contender, plan: compare.Plan) -> Task:
        if not isinstance(contender, ConceptContender):
            raise TypeError(contender)
        subject = contender.cell.subject
        job = {
            "subject": [subject.name, dict(subject.options), subject.loop],
            "params": dict(contender.params),
            "loop": contender.cell.loop,
            "plan": asdict(plan),
            "clock": self._options.clock,
            "seed": self._options.seed,
            "watched": self._watched,
        }
        return Task(str(subject), _ARGUMENTS, json.dumps(job))


def _read(answer: str) -> compare.Report:
    found: dict[str, Any] = json.loads(answer)
    if "error" in found:
        raise AsyncdemoError(found["error"], found["exit_code"])
    return compare.Report.read(found)
