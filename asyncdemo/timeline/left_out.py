"""What a recording has not, in sentences: what nobody asked for, and what could not be kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from asyncdemo.trace import Trace


def left_out(trace: Trace) -> list[str]:
    """What the user asked to leave out of `trace`, and how much was where it is counted: sentences without a stop."""
    scope, dropped = trace.meta.get("scope"), trace.lost.get("steps")
    said = _asked(scope) if isinstance(scope, Mapping) else []
    return [*said, f"dropped {dropped:,} steps, the oldest"] if dropped else said


def cut_off(trace: Trace) -> bool:
    """Whether what is there was saved while the program ran, and the rest never was: the program was killed."""
    return bool(trace.meta.get("cut_off"))


def goes_on(trace: Trace) -> bool:
    """Whether the recording ended while the program went on: its pending tasks may have ended since."""
    return trace.meta.get("goes_on") is True


def not_kept(trace: Trace) -> list[str]:
    """What could not be kept or seen, and when the recording was cut off if it was: sentences without a stop."""
    lost = [(subject, number) for subject, number in trace.lost.items() if number and subject != "steps"]
    return [*_cut_off(trace), *(f"not kept: {number:,} {subject}" for subject, number in lost)]


def _cut_off(trace: Trace) -> list[str]:
    if not cut_off(trace):
        return []
    time = str(trace.meta["cut_off"]).replace("T", " ").partition(".")[0].partition("+")[0]
    return [f"cut off after {trace.duration_ns / 1e9:.1f} s, at {time} UTC"]


def _asked(scope: Mapping[str, Any]) -> list[str]:
    include, exclude = (", ".join(map(str, scope.get(name) or ())) for name in ("include", "exclude"))
    said = [f"only tasks of {include}"] if include else []
    said += [f"no tasks of {exclude}"] if exclude else []
    since, lasting = scope.get("since_s") or 0, scope.get("for_s")
    if since and lasting:
        said.append(f"recorded from {_seconds(since)} on for {_seconds(lasting)}")
    elif since:
        said.append(f"recorded from {_seconds(since)} on")
    elif lasting:
        said.append(f"recorded for {_seconds(lasting)}")
    return said


def _seconds(value: Any) -> str:
    return f"{value:g} s" if isinstance(value, int | float) else "?"
