"""The instrumentation: the only room of the house that touches asyncio's insides."""

from asyncdemo.recorder.clock import RealClock, VirtualClock
from asyncdemo.recorder.recorder import Recorder

__all__ = ["RealClock", "Recorder", "VirtualClock"]
