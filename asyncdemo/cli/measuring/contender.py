"""What can be measured: a concept with its parameters, or a script of the user's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol

from asyncdemo import compare
from asyncdemo.addresses import Mask
from asyncdemo.catalog.concept import Concept
from asyncdemo.cli import serving
from asyncdemo.cli.concept import recorded
from asyncdemo.recorder import RealClock, Recorder, VirtualClock
from asyncdemo.run import Measurement, Result, Script, measure, measure_script, run_script
from asyncdemo.run.script import main_restored

Clock = RealClock | VirtualClock


class Contender(Protocol):
    """A cell, and what it takes to run it."""

    @property
    def cell(self) -> compare.Cell:
        """The row of figures that its runs make."""

    @property
    def mask(self) -> Mask | None:
        """Hides what must not be seen of its parameters, or None when there is nothing to hide."""

    def measured(self, clock: Clock) -> Measurement:
        """Runs it once, with nothing watching."""

    def recorded(self, clock: Clock, seed: int | None) -> Result:
        """Runs it once under a recorder; the result of a run that failed says so."""


@dataclass(frozen=True, slots=True)
class ConceptContender:
    """A concept.

    Attributes:
        cell: the row of figures that its runs make.
        concept: what is run.
        params: everything that it is run with.
    """

    cell: compare.Cell
    concept: Concept
    params: Mapping[str, Any]

    @property
    def mask(self) -> Mask | None:
        """Hides the password of its server's address."""
        return serving.mask(self.params)

    @contextmanager
    def served(self) -> Iterator[ConceptContender]:
        """The same with the address of a server that answers, if it needs one.

        Raises:
            AsyncdemoError: the library or the server is not there, or does not answer (exit code 3).
        """
        with serving.served(self.concept, self.params) as params:
            yield replace(self, params=params)

    def measured(self, clock: Clock) -> Measurement:
        """See `Contender`."""
        arguments = serving.arguments(self.concept, self.params)
        return measure(self.concept.module, arguments, clock=clock, loop=self.cell.loop)

    def recorded(self, clock: Clock, seed: int | None) -> Result:
        """See `Contender`."""
        title = str(self.cell.subject)
        result, _ = recorded(self.concept, self.params, clock, self.cell.loop, seed=seed, title=title)
        return result


@dataclass(frozen=True, slots=True)
class ScriptContender:
    """A script of the user's own.

    Attributes:
        cell: the row of figures that its runs make.
        script: what is run.
        loop: the loop that it was asked to run on, or None for those that it makes by itself.
    """

    cell: compare.Cell
    script: Script
    loop: str | None

    @property
    def mask(self) -> Mask | None:
        """Nothing is known of it that would have to be hidden."""
        return None

    def measured(self, clock: Clock) -> Measurement:
        """See `Contender`."""
        return measure_script(self.script, clock=clock, loop=self.loop)

    def recorded(self, clock: Clock, seed: int | None) -> Result:
        """See `Contender`."""
        recorder = Recorder(clock=clock, hold_output=True, meta={"command": str(self.cell.subject)})
        with main_restored():
            return run_script(self.script, recorder=recorder, clock=clock, loop=self.loop)
