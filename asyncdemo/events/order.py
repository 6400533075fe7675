"""The order of what happened at one instant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from asyncdemo.events.model import Item, Kind
from asyncdemo.trace import NONE

BEFORE, WITHIN, CALLED, AFTER = range(4)
"""What comes before a step, within it, from an eager task that it made, and from callbacks after it."""


def in_order(instant: list[Item], steps: Mapping[int, list[int]]) -> list[Item]:
    """What happened at one instant, step by step: in virtual time a whole chain of steps has the same time.

    Args:
        instant: items of one time; those of one kind are in the order in which they happened.
        steps: the numbers of the steps that began or ended at that time, by task.
    """
    if len(instant) == 1:
        return instant
    reached: dict[Kind, int] = {}
    born: dict[int, int] = {}

    def place(item: Item) -> tuple[int, int, Kind]:
        own: Sequence[int] = steps.get(item.actor, ())
        if item.kind is Kind.PRINTED and item.step != NONE:
            return (item.step, WITHIN, item.kind) if item.step in own else (item.step - 1, AFTER, item.kind)
        if item.kind is Kind.CANCEL_REQUESTED and not own:
            return min(steps.get(item.task, (NONE,))), BEFORE, item.kind
        if item.after and own:
            return own[-1], AFTER, item.kind
        if item.step != NONE:
            step = item.step
        elif item.kind is Kind.ENDED:
            step = own[-1] if own else NONE
        else:
            least = reached.get(item.kind, NONE)
            step = reached[item.kind] = next((number for number in own if number >= least), least)
        if item.kind is Kind.CREATED:
            born[item.task] = step
            return step, WITHIN, (Kind.CREATED if item.actor != NONE else Kind.STARTED)
        birth = born.get(item.task)
        if birth is None or step > birth:
            return step, WITHIN, item.kind
        return birth, CALLED, item.kind  # an eager task runs within the step that creates it

    places = {item: place(item) for item in sorted(instant, key=lambda item: item.kind is not Kind.CREATED)}
    return sorted(instant, key=places.__getitem__)
