"""Findings: what went wrong in a recorded run, with its proof. Pure functions of a trace, a rule a file."""

from asyncdemo.findings.check import Report, check
from asyncdemo.findings.config import Selection, selection
from asyncdemo.findings.model import Evidence, Finding, Rule, Severity
from asyncdemo.findings.registry import find, rules

__all__ = [
    "Evidence",
    "Finding",
    "Report",
    "Rule",
    "Selection",
    "Severity",
    "check",
    "find",
    "rules",
    "selection",
]
