"""What a finding and a rule are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING

from asyncdemo.trace import NONE

if TYPE_CHECKING:
    from asyncdemo.findings.facts import Facts


class Severity(IntEnum):
    """How much a finding matters."""

    NOTE = 0
    """Worth knowing; the program may well be meant that way."""
    WARNING = 1
    """It costs time, or will."""
    ERROR = 2
    """The program does not do what it was written for."""

    @property
    def word(self) -> str:
        """The name in lower case."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Evidence:
    """What in the trace proves a finding.

    Attributes:
        text: in words.
        task: row of `Trace.tasks`, or `NONE`.
        step: row of `Trace.steps`, or `NONE`.
        from_ns: when it began, nanoseconds from the start of the run.
        to_ns: when it was over; equal to `from_ns` for a moment.
    """

    text: str
    task: int = NONE
    step: int = NONE
    from_ns: int = 0
    to_ns: int = 0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that went wrong.

    Attributes:
        rule: the rule's id, such as `AD101`.
        name: the rule's name, such as `blocked loop`.
        severity: how much it matters.
        file: the source file, as Python knows it, or "" when no line can be named.
        line: 1 and up, or 0.
        message: one sentence without a full stop at its end: who, what, how much.
        evidence: what proves it.
        certain: False when it is an inference, which is then called possible.
        concept: the concept that teaches it, for `asyncdemo CONCEPT`.
        cost_ns: how much time it cost, or would have been saved; findings of a rule are ordered by it.
        change: what may help, as `check --what-if` understands it; empty where that has no answer.
    """

    rule: str
    name: str
    severity: Severity
    file: str
    line: int
    message: str
    evidence: tuple[Evidence, ...] = ()
    certain: bool = True
    concept: str = ""
    cost_ns: int = 0
    change: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule, as its module describes it.

    Attributes:
        id: such as `AD101`.
        name: two or three words.
        severity: of its findings, unless one says otherwise.
        concept: the concept that teaches it.
        explanation: what it finds, why that matters and what to do; paragraphs separated by empty lines.
        find: gives its findings in a recording.
    """

    id: str
    name: str
    severity: Severity
    concept: str
    explanation: str
    find: Callable[[Facts], Iterable[Finding]] = field(repr=False)

    def finding(
        self,
        facts: Facts,
        site: int,
        message: str,
        *evidence: Evidence,
        severity: Severity | None = None,
        certain: bool = True,
        cost_ns: int = 0,
        change: str = "",
    ) -> Finding:
        """A finding of this rule at a row of `Trace.sites`, or `NONE`."""
        file, line = facts.place(site)
        level = self.severity if severity is None else severity
        told = (self.id, self.name, level, file, line, message, evidence, certain, self.concept, cost_ns, change)
        return Finding(*told)
