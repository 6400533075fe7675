"""Recorder: before it begins."""

from __future__ import annotations

from asyncdemo.recorder import Recorder


def test_a_snapshot_before_the_recording_begins_is_as_old_as_the_recorder() -> None:
    """A live view that looks while the program is still being imported sees no time from before the recorder."""
    recorder = Recorder()
    made = recorder.now()
    trace, _ = recorder.snapshot()
    assert trace.duration_ns <= recorder.now() - made + recorder.stall_ns
