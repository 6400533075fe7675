"""Every concept is a program of its own."""

from __future__ import annotations

import pytest

from asyncdemo import catalog
from tests.concepts.aside import Aside
from tests.concepts.conftest import comparable, expected, runnable


@pytest.mark.parametrize("name", [runnable(each) for each in catalog.concepts()])
def test_a_concept_runs_by_itself(name: str, programs: Aside) -> None:
    """Plain `python FILE` prints the expected lines; times differ, and the order at one and the same time."""
    assert comparable(programs.finish(name).splitlines()) == comparable(expected(name))
