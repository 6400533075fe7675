"""Applies the rules to a recording."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from asyncdemo.findings.facts import Facts
from asyncdemo.findings.model import Finding, Rule
from asyncdemo.findings.registry import rules
from asyncdemo.trace import Trace
from asyncdemo.whatif import Prediction

MOST_OF_A_RULE = 50
"""Findings of one rule that are kept: the most costly ones."""


@dataclass(frozen=True, slots=True)
class Report:
    """What there is to say of a run.

    Attributes:
        findings: the most severe first, then by rule and cost.
        skipped: a sentence for each rule that failed.
        left_out: how many more findings each rule had, by its id.
        what_if: what changes that were asked about would do.
    """

    findings: tuple[Finding, ...]
    skipped: tuple[str, ...] = ()
    left_out: tuple[tuple[str, int], ...] = ()
    what_if: tuple[Prediction, ...] = ()


def check(trace: Trace, ignore: Collection[str] = (), only: Iterable[Rule] | None = None) -> Report:
    """What went wrong in a recorded run.

    Args:
        trace: the recording.
        ignore: ids of rules that are not applied.
        only: the rules to apply instead of all.
    """
    facts, skipped, left_out = Facts(trace), list[str](), list[tuple[str, int]]()
    findings: list[Finding] = []
    for rule in rules().values() if only is None else only:
        if rule.id in ignore:
            continue
        try:
            found = sorted(rule.find(facts), key=lambda each: -each.cost_ns)
        except Exception as fault:  # noqa: BLE001 - one rule's fault never hides what the others found
            skipped.append(f"{rule.id} was skipped: {type(fault).__name__}: {fault}")
            continue
        findings += found[:MOST_OF_A_RULE]
        if len(found) > MOST_OF_A_RULE:
            left_out.append((rule.id, len(found) - MOST_OF_A_RULE))
    return Report(tuple(_ordered(findings)), tuple(skipped), tuple(left_out))


def _ordered(findings: Iterable[Finding]) -> Iterator[Finding]:
    yield from sorted(findings, key=lambda each: (-each.severity, not each.certain, each.rule, -each.cost_ns))
