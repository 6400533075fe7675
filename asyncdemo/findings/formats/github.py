"""Workflow commands of GitHub Actions: each finding is shown at its line of a pull request."""

from __future__ import annotations

import os

from asyncdemo.findings.check import Report
from asyncdemo.findings.model import Finding, Severity

WHOLE = False
LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def render(report: Report) -> str:
    """A command for each finding."""
    skipped = [f"::warning::{_escaped(sentence)}\n" for sentence in report.skipped]
    return "".join([*map(_command, report.findings), *skipped])


def _command(finding: Finding) -> str:
    properties = {"title": f"{finding.rule} {finding.name}"}
    if finding.file:
        properties = {"file": _shown(finding.file), "line": str(finding.line), **properties}
    told = ",".join(f"{name}={_escaped(value, ':,')}" for name, value in properties.items())
    possible = "" if finding.certain else "possible: "
    return f"::{LEVELS[finding.severity]} {told}::{_escaped(possible + finding.message)}\n"


def _shown(file: str) -> str:
    relative = os.path.relpath(file) if os.path.isabs(file) else file
    return file if relative.startswith("..") else relative


def _escaped(text: str, more: str = "") -> str:
    for character in "%\r\n" + more:
        text = text.replace(character, f"%{ord(character):02X}")
    return text
