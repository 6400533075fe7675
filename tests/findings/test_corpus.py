"""Every fault of the corpus is found at its line, and no sound program is flagged."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from asyncdemo.findings import rules
from tests.findings.programs import FAULTY, SOUND, Fault, findings, marked, recorded

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*never awaited:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
NEED_NOT_BE = {"AD501"}
"""Its note says that a lock is held across a wait and has to be, as some sound programs do."""


@pytest.mark.parametrize("path", FAULTY, ids=lambda path: path.stem)
def test_every_fault_is_found(path: Path) -> None:
    """The marked fault is found, at the marked line, with evidence; and nothing else is."""
    found = findings(recorded(path), {fault.rule for fault in marked(path)})
    assert {Fault(each.rule, each.line) for each in found} == set(marked(path)), [each.message for each in found]
    assert all(each.evidence and Path(each.file).name == path.name for each in found)


@pytest.mark.parametrize("path", SOUND, ids=lambda path: path.stem)
def test_no_sound_program_is_flagged(path: Path) -> None:
    """A sound program has no finding of any rule, beyond notes of other rules than the one that it looks like."""
    found = findings(recorded(path), {path.stem.partition("_")[0].upper()} - NEED_NOT_BE)
    assert [(each.rule, each.line, each.message) for each in found] == []


def test_every_rule_has_its_programs() -> None:
    """At least three programs have each rule's fault, and three look like it and are sound."""
    faulty = Counter(fault.rule for path in FAULTY for fault in marked(path))
    sound = Counter(path.stem.partition("_")[0].upper() for path in SOUND)
    assert {rule: (faulty[rule] >= 3, sound[rule] >= 3) for rule in rules()} == dict.fromkeys(rules(), (True, True))
