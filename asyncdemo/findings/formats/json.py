"""One JSON object; times are nanoseconds from the start of the run, additive changes only."""

from __future__ import annotations

from json import dumps
from typing import Any

from asyncdemo.findings.check import Report
from asyncdemo.findings.model import Evidence, Finding
from asyncdemo.trace import NONE
from asyncdemo.whatif import Prediction

WHOLE = True
SCHEMA = "asyncdemo-findings/1"


def render(report: Report) -> str:
    """The report as one object."""
    told = {
        "schema": SCHEMA,
        "findings": [_finding(each) for each in report.findings],
        "left_out": dict(report.left_out),
        "skipped": list(report.skipped),
        "what_if": [_prediction(each) for each in report.what_if],
    }
    return dumps(told, indent=2) + "\n"


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "name": finding.name,
        "severity": finding.severity.word,
        "certain": finding.certain,
        "file": finding.file or None,
        "line": finding.line or None,
        "message": finding.message,
        "concept": finding.concept,
        "cost_ns": finding.cost_ns,
        "change": finding.change or None,
        "evidence": [_evidence(each) for each in finding.evidence],
    }


def _evidence(evidence: Evidence) -> dict[str, Any]:
    return {
        "text": evidence.text,
        "task": None if evidence.task == NONE else evidence.task,
        "step": None if evidence.step == NONE else evidence.step,
        "from_ns": evidence.from_ns,
        "to_ns": evidence.to_ns,
    }


def _prediction(prediction: Prediction) -> dict[str, Any]:
    return {
        "change": prediction.change,
        "recorded_ns": prediction.recorded_ns,
        "unchanged_ns": None if prediction.unchanged_ns == NONE else prediction.unchanged_ns,
        "predicted_ns": None if prediction.predicted_ns == NONE else prediction.predicted_ns,
        "cause": prediction.cause or None,
        "cause_ns": prediction.cause_ns,
        "assumed": list(prediction.assumed),
        "refused": prediction.refused or None,
    }
