"""SARIF 2.1.0, which code scanning and editors read."""

from __future__ import annotations

from json import dumps
from pathlib import Path
from typing import Any

from asyncdemo.findings.check import Report
from asyncdemo.findings.model import Finding, Rule, Severity
from asyncdemo.findings.registry import rules

WHOLE = True
SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}


def render(report: Report) -> str:
    """The report as a log with one run."""
    known = list(rules().values())
    driver = {"name": "asyncdemo", "rules": [_rule(each) for each in known]}
    order = [each.id for each in known]
    skipped = [{"level": "warning", "message": {"text": sentence}} for sentence in report.skipped]
    run = {
        "tool": {"driver": driver},
        "results": [_result(each, order.index(each.rule)) for each in report.findings],
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": skipped}],
    }
    return dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "name": "".join(word.capitalize() for word in rule.name.replace("-", " ").split()),
        "shortDescription": {"text": rule.name},
        "fullDescription": {"text": rule.explanation.split("\n\n")[0].replace("\n", " ")},
        "help": {"text": f"{rule.explanation}\n\nLearn: asyncdemo {rule.concept}"},
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
    }


def _result(finding: Finding, index: int) -> dict[str, Any]:
    possible = "" if finding.certain else "Possible: "
    evidence = "".join(f"\nEvidence: {each.text}." for each in finding.evidence)
    told = {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": LEVELS[finding.severity],
        "message": {"text": f"{possible}{finding.message}.{evidence}"},
    }
    if not finding.file:
        return told
    file = Path(finding.file)
    place = {"uri": file.as_uri() if file.is_absolute() else file.as_posix()}
    where = {"artifactLocation": place, "region": {"startLine": max(1, finding.line)}}
    return {**told, "locations": [{"physicalLocation": where}]}
