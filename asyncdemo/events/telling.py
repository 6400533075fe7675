"""What there is to say about an event."""

from __future__ import annotations

from typing import Any

from asyncdemo.events.model import Event, Item, Kind
from asyncdemo.trace import Actor, Outcome, Trace, Wait

OUTCOMES = {
    Outcome.PENDING: "pending",
    Outcome.RETURNED: "ok",
    Outcome.RAISED: "failed",
    Outcome.CANCELLED: "cancelled",
    Outcome.DESTROYED: "destroyed",
}
"""Outcomes in the words that machines and people read."""


def tell(trace: Trace, item: Item) -> Event:
    """The event, in the words that the trace has for it by now (tasks may be renamed)."""
    return Event(item.t_ns, item.kind, item.task, _who(trace, item), _ABOUT[item.kind](trace, item))


def _who(trace: Trace, item: Item) -> str:
    if item.task >= 0:
        return trace.task_name(item.task)
    return trace.text(trace.lines.origin[item.row]) if item.kind is Kind.PRINTED else ""


def _about_created(trace: Trace, item: Item) -> dict[str, Any]:
    tasks = trace.tasks
    parent = tasks.parent[item.row]
    return {
        "coro": trace.text(tasks.coro[item.row]),
        "parent": parent if parent >= 0 else None,
        "at": trace.site_text(tasks.site[item.row]) or None,
    }


def _about_started(_: Trace, __: Item) -> dict[str, Any]:
    return {}


def _about_waited(trace: Trace, item: Item) -> dict[str, Any]:
    from_ns, to_ns, wait = item.wait
    return {
        "from_ns": from_ns,
        "to_ns": to_ns,
        "kind": Wait(trace.waits.kind[wait]).name.lower(),
        "on": trace.text(trace.waits.on[wait]),
        "at": trace.site_text(trace.waits.site[wait]) or None,
    }


def _about_acquired(trace: Trace, item: Item) -> dict[str, Any]:
    holds = trace.holds
    return {
        "on": trace.text(trace.resources.name[holds.resource[item.row]]),
        "waited_ns": holds.from_ns[item.row] - holds.asked_ns[item.row],
        "at": trace.site_text(holds.site[item.row]) or None,
    }


def _about_released(trace: Trace, item: Item) -> dict[str, Any]:
    holds = trace.holds
    return {
        "on": trace.text(trace.resources.name[holds.resource[item.row]]),
        "held_ns": holds.to_ns[item.row] - holds.from_ns[item.row],
    }


def _about_printed(trace: Trace, item: Item) -> dict[str, Any]:
    stream = "stderr" if trace.lines.stream[item.row] == 2 else "stdout"  # noqa: PLR2004 - the column's own number
    return {"stream": stream, "text": trace.text(trace.lines.text[item.row])}


def _about_cancel_requested(trace: Trace, item: Item) -> dict[str, Any]:
    by, site = trace.cancels.by[item.row], trace.cancels.site[item.row]
    return {
        "by": canceller(trace, by),
        "by_task": by if by >= 0 else None,
        "at": trace.site_text(site) or None,
    }


def _about_stalled(trace: Trace, item: Item) -> dict[str, Any]:
    stalls = trace.stalls
    return {
        "from_ns": stalls.start_ns[item.row],
        "gc_ns": stalls.gc_ns[item.row],
        "at": trace.site_text(stalls.site[item.row]) or None,
    }


def _about_ended(trace: Trace, item: Item) -> dict[str, Any]:
    tasks = trace.tasks
    outcome = Outcome(tasks.outcome[item.row])
    cancelled = outcome is Outcome.CANCELLED
    return {
        "outcome": OUTCOMES[outcome],
        "error": trace.text(tasks.error[item.row]) or None,
        "cancelled_by": canceller(trace, tasks.cancelled_by[item.row]) if cancelled else None,
        "cancelled_at": (trace.site_text(tasks.cancelled_at[item.row]) or None) if cancelled else None,
    }


def canceller(trace: Trace, actor: int) -> str | None:
    """Who cancelled: a task's name or the `Actor` in lower case, None when that is not known."""
    return None if actor == Actor.UNKNOWN else trace.actor_text(actor)


_ABOUT = {
    Kind.CREATED: _about_created,
    Kind.STARTED: _about_started,
    Kind.WAITED: _about_waited,
    Kind.ACQUIRED: _about_acquired,
    Kind.CANCEL_REQUESTED: _about_cancel_requested,
    Kind.RELEASED: _about_released,
    Kind.PRINTED: _about_printed,
    Kind.STALLED: _about_stalled,
    Kind.ENDED: _about_ended,
}
