"""The loop concept, on each of the loops."""

from __future__ import annotations

import asyncio
import runpy
from collections.abc import Callable

import pytest

from asyncdemo import catalog
from asyncdemo.concepts.advanced import loop


def timers(lines: list[str]) -> list[int]:
    """The numbers of the timers in the order in which they fired."""
    return [int(line.split()[1]) for line in lines if line.endswith("fired")]


def test_on_uvloop_equal_deadlines_fire_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    """The loop's type is printed, and timers fire in the order in which they were set."""
    uvloop = pytest.importorskip("uvloop")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(loop.main(timers=20, delay=0.3, turns=1))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Current event loop: <class 'uvloop.Loop'>"
    assert timers(lines) == list(range(1, 21))


def test_on_asyncio_equal_deadlines_fire_in_another_order(capsys: pytest.CaptureFixture[str]) -> None:
    """The loop's type is printed, each timer fires once, and the heap that holds them does not keep their order."""
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        expected = f"Current event loop: {type(runner.get_loop())}"
        runner.run(loop.main(timers=20, delay=0.3, turns=1))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == expected
    assert sorted(timers(lines)) == list(range(1, 21)) != timers(lines)


def test_in_virtual_time_equal_deadlines_fire_in_order(run: Callable[..., tuple[list[str], int]]) -> None:
    """Virtual time breaks the tie by the order in which the timers were set."""
    lines, _ = run("loop", timers=20)
    assert timers(lines) == list(range(1, 21))


def test_each_turn_of_the_loop_is_one_step(run: Callable[..., tuple[list[str], int]]) -> None:
    """Turns take no virtual time, however many there are, and none may be asked for."""
    assert run("loop", turns=0)[0][1] == "Turns of the loop: 0, time: 0.000 seconds"
    lines, took_ns = run("loop", turns=20_000)
    assert lines[1] == "Turns of the loop: 20000, time: 0.000 seconds"
    assert took_ns == 500_000_000


def test_run_by_itself_it_uses_no_policy(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The file makes its loop with a `loop_factory`: no policy is ever asked for one."""

    def refused(*_: object) -> None:
        raise AssertionError

    with monkeypatch.context() as patched:
        patched.setattr(asyncio, "set_event_loop_policy", refused)
        runpy.run_path(str(catalog.find("loop").path), run_name="__main__")
    assert sorted(timers(capsys.readouterr().out.splitlines())) == [1, 2, 3, 4, 5]
