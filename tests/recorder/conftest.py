"""What holds around every test of the recorder: the next one can record."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from asyncdemo.recorder import awaits, recorder

PATIENCE_S = 3600.0


@pytest.fixture(autouse=True)
def time_to_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """What tasks wait for is looked into, however slow the machine is just now."""
    monkeypatch.setattr(awaits, "LOOKING_S", PATIENCE_S)


@pytest.fixture(autouse=True)
def no_recording_goes_on() -> Iterator[None]:
    """No recording is under way when a test ends; one that is does not spoil the other tests."""
    yield
    active, recorder._active = recorder._active, None
    if active is not None:
        active.hooks.restore()
    assert active is None
