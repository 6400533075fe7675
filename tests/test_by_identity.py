"""What is known of objects by their identity: a dictionary of addresses, compiled or not."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asyncdemo.compiled import by_identity, hot

KEYS = st.integers(1, 40).map(lambda number: number * 16) | st.integers(1, 2**64 - 1)
CHANGES = st.lists(st.tuples(st.sampled_from(("put", "put", "take", "pop")), KEYS), max_size=300)
compiled = pytest.mark.skipif(hot is None, reason="nothing is compiled here")


class Thing:
    """Something that can be in a cycle, and whose end can be seen."""

    def __init__(self, holds: Any = None) -> None:
        self.holds = holds


@given(CHANGES)
def test_it_is_a_dictionary(changes: list[tuple[str, int]]) -> None:
    """Whatever comes and goes, and in the same order."""
    table, twin = by_identity(), dict[int, int]()

    for number, (change, key) in enumerate(changes):
        if change == "put":
            table[key] = twin[key] = number
        elif change == "pop":
            assert table.pop(key, None) == twin.pop(key, None)
        elif key in twin:
            del table[key], twin[key]
        assert (len(table), key in table, table.get(key)) == (len(twin), key in twin, twin.get(key))

    assert list(table.values()) == list(twin.values())
    assert all(table[key] == value for key, value in twin.items())


@pytest.mark.parametrize("ask", [lambda table: table[32], lambda table: table.__delitem__(32)])
def test_what_is_not_known(ask: Callable[[Any], Any]) -> None:
    """Is no key."""
    table = by_identity()
    table[16] = "known"

    with pytest.raises(KeyError, match="32"):
        ask(table)


@compiled
@pytest.mark.parametrize(
    "ask",
    [
        lambda table: table["a"],
        lambda table: "a" in table,
        lambda table: table.get("a"),
        lambda table: table.pop("a", None),
        lambda table: table.__setitem__("a", 1),
        lambda table: table.__delitem__("a"),
    ],
)
def test_what_is_no_address(ask: Callable[[Any], Any]) -> None:
    """Is refused."""
    with pytest.raises(TypeError):
        ask(by_identity())


def test_it_keeps_what_is_known_alive_and_no_longer() -> None:
    """Until it is replaced, taken away, or the table goes."""
    table = by_identity()
    things = [Thing() for _ in range(4)]
    seen = [weakref.ref(thing) for thing in things]
    for key, thing in enumerate(things):
        table[key] = thing
    del things, thing

    assert all(each() for each in seen)
    table[0] = None
    del table[1]
    table.pop(2, None)
    assert [each() is None for each in seen] == [True, True, True, False]
    del table
    assert seen[3]() is None


def test_a_cycle_through_it_is_garbage() -> None:
    """As one through a dictionary is."""
    table = by_identity()
    table[1] = Thing(table)
    seen = weakref.ref(table[1])

    del table
    gc.collect()

    assert seen() is None


def test_what_goes_may_change_it() -> None:
    """What is let go may know of the table, and put other things there: nothing is lost, and nothing there twice."""
    table = by_identity()

    class Last(Thing):
        def __del__(self) -> None:
            for key in range(100, 200):
                self.holds[key] = key

    table[1] = Last(table)
    table[1] = "next"
    table[2] = Last(table)
    del table[2]

    assert list(table.values()) == ["next", *range(100, 200)]
