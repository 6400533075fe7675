"""The instrumentation: the only room of the house that touches asyncio's insides."""

from asyncdemo.record.clock import RealClock, VirtualClock
from asyncdemo.record.recorder import Recorder

__all__ = ["RealClock", "Recorder", "VirtualClock"]
