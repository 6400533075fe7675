"""The to-thread concept, on real threads."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event, current_thread, main_thread
from types import SimpleNamespace

import pytest

from asyncdemo.concepts.beyond import to_thread


@pytest.mark.parametrize(
    ("way", "request_id"), [("to_thread", "req-001"), ("run_in_executor", "unknown"), ("with", "unknown")]
)
def test_only_to_thread_carries_context_variables(
    way: str, request_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a thread that `run_in_executor` found, the variable that the main task set has its default again."""
    asyncio.run(to_thread.main(calls=5, block=0, way=way))  # type: ignore[arg-type]
    *calls, results, _ = capsys.readouterr().out.splitlines()
    assert len(calls) == 10
    assert {line.split()[0] for line in calls} == {f"[{request_id}]"}
    assert results == f"Results: {[f'result_{number}' for number in (1, 2, 3, 4, 5)]}"


@pytest.fixture
def released(monkeypatch: pytest.MonkeyPatch) -> Event:
    """Ends all calls but the failing one, which fails once they block. A pool that is left sets it when it waits.

    So a call ends before its error comes out only where the loop's thread waits for it.
    """
    event = Event()
    others_block = Barrier(3)

    class Pool(ThreadPoolExecutor):
        def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
            if wait and current_thread() is main_thread():
                event.set()
            super().shutdown(wait, cancel_futures=cancel_futures)

    def sleep(seconds: float) -> None:
        others_block.wait(timeout=60)
        assert seconds == 0.5 or event.wait(timeout=60)

    monkeypatch.setattr(to_thread, "ThreadPoolExecutor", Pool)
    monkeypatch.setattr(to_thread, "time", SimpleNamespace(sleep=sleep, perf_counter=lambda: 0.0))
    return event


@pytest.mark.parametrize("way", ["to_thread", "run_in_executor"])
def test_an_error_comes_out_while_other_calls_still_block(
    way: str, released: Event, capsys: pytest.CaptureFixture[str]
) -> None:
    """The loop's own pool lets the error through at once; the other calls run on."""

    async def main() -> None:
        await to_thread.main(block=2, fail=0.5, way=way)  # type: ignore[arg-type]
        lines = capsys.readouterr().out.splitlines()
        assert lines[-2] == "Error: Call 1 failed"
        assert not any(line.endswith("complete") for line in lines)
        released.set()

    asyncio.run(main())
    assert sum(line.endswith("complete") for line in capsys.readouterr().out.splitlines()) == 2


def test_the_guides_with_block_holds_an_error_back(released: Event, capsys: pytest.CaptureFixture[str]) -> None:
    """The end of the `with` waits for the other calls, on the loop's own thread, before the error comes out."""
    asyncio.run(to_thread.main(block=2, fail=0.5, way="with"))
    lines = capsys.readouterr().out.splitlines()
    assert released.is_set()
    assert {line.split()[-1] for line in lines[-4:-2]} == {"complete"}
    assert lines[-2] == "Error: Call 1 failed"
