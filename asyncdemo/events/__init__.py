"""What happened, one event after the other.

A finished trace and the successive snapshots of a running recorder go through the same door. Snapshots show some things
late: a step is known once it has ended. So `Events.feed` keeps back what something earlier may still come before.
"""

from __future__ import annotations

from asyncdemo.events.model import Event, Kind
from asyncdemo.events.stream import Events, events
from asyncdemo.events.telling import OUTCOMES, canceller

__all__ = ["OUTCOMES", "Event", "Events", "Kind", "canceller", "events"]
