"""`record()`: with, async with and decorated; what it leaves behind; what it shows of itself."""

from __future__ import annotations

import asyncio
import inspect
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import asyncdemo
from asyncdemo.errors import AsyncdemoError
from asyncdemo.recorder import Recorder
from asyncdemo.trace import Outcome
from tests.traces import semaphore


async def job() -> str:
    """A step, a pause, a step."""
    await asyncio.sleep(0.001)
    return "done"


async def jobs(number: int = 3) -> list[str]:
    """Some of them side by side."""
    return await asyncio.gather(*(job() for _ in range(number)))


def coroutines(trace: asyncdemo.Trace) -> list[str]:
    """The coroutines of a trace's tasks, by the last part of their names."""
    return [trace.text(coro).rpartition(".")[2] for coro in trace.tasks.coro]


# As a context manager


def test_with_around_a_run() -> None:
    """Everything that the block runs is in the trace."""
    with asyncdemo.record() as recording:
        assert asyncio.run(jobs()) == ["done"] * 3
    assert coroutines(recording.trace) == ["jobs", "job", "job", "job"]
    assert set(recording.trace.tasks.outcome) == {Outcome.RETURNED}


def test_async_with_inside_a_loop() -> None:
    """The task that it stands in is the first one, and was there before."""

    async def main() -> asyncdemo.Recording:
        async with asyncdemo.record() as recording:
            await jobs()
        await job()
        return recording

    trace = asyncio.run(main()).trace
    assert coroutines(trace) == ["main", "job", "job", "job"]
    assert list(trace.tasks.outcome) == [Outcome.PENDING, *[Outcome.RETURNED] * 3]
    assert trace.meta["adopted"] == 1


def test_tasks_that_go_on_are_not_said_to_have_never_ended() -> None:
    """A recording that ends in a loop that goes on says so; one around a whole run does not."""

    async def main() -> asyncdemo.Trace:
        with asyncdemo.record() as recording:
            task = asyncio.create_task(job())
            await asyncio.sleep(0)
        await task
        return recording.trace

    trace = asyncio.run(main())
    assert Outcome.PENDING in trace.tasks.outcome
    assert trace.meta["goes_on"] is True
    with asyncdemo.record() as around:
        asyncio.run(job())
    assert "goes_on" not in around.trace.meta


def test_an_exception_passes_and_ends_it() -> None:
    """What the block raises is what comes out, and what was recorded until then is there."""
    recording = asyncdemo.record()

    def fails() -> None:
        with recording:
            asyncio.run(job())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert coroutines(recording.trace) == ["job"]
    assert not recording.going_on
    assert not Recorder.under_way()


def test_the_trace_so_far() -> None:
    """While it goes on the trace is what has been recorded so far, and each one stays what it is."""

    async def main() -> None:
        async with asyncdemo.record() as recording:
            going_on.append(recording.going_on)
            await job()
            first = recording.trace
            await asyncio.create_task(job())
            assert coroutines(first) == ["main"]
            assert coroutines(recording.trace) == ["main", "job"]
        going_on.append(recording.going_on)
        assert recording.trace is recording.trace

    going_on: list[bool] = []
    asyncio.run(main())
    assert going_on == [True, False]


def test_again_and_again() -> None:
    """A recording can be used again; it is about the last time."""
    recording = asyncdemo.record()
    for number in (1, 2):
        with recording:
            asyncio.run(jobs(number))
        assert len(recording.trace.tasks) == 1 + number


def test_before_it_has_begun() -> None:
    """There is no trace, and the error says how to get one."""
    recording = asyncdemo.record()
    with pytest.raises(AsyncdemoError, match="Nothing has been recorded yet"):
        recording.trace  # noqa: B018
    assert repr(recording) == "<Recording that has not begun>"
    assert recording._repr_html_() is None


def test_one_at_a_time() -> None:
    """A second one is refused while one goes on, and the first is not touched."""
    with asyncdemo.record() as recording:
        with pytest.raises(AsyncdemoError, match="under way already"), asyncdemo.record():
            pytest.fail("it began")
        asyncio.run(job())
    assert coroutines(recording.trace) == ["job"]


def test_one_that_gives_way() -> None:
    """It ends where another one begins, and keeps what it has."""
    first = asyncdemo.Recording(gives_way=True)
    with first:
        asyncio.run(job())
        with asyncdemo.record() as second:
            asyncio.run(jobs(1))
    assert coroutines(first.trace) == ["job"]
    assert coroutines(second.trace) == ["jobs", "job"]


# As a decorator


@pytest.mark.parametrize("bare", [True, False], ids=["@record", "@record()"])
def test_a_coroutine_function(bare: bool) -> None:
    """It stays one, with its name, signature and result; its last call's recording is its attribute."""

    async def crawl(number: int) -> list[str]:
        """Crawls."""
        return await jobs(number)

    decorated: Any = asyncdemo.record(crawl) if bare else asyncdemo.record()(crawl)
    assert inspect.iscoroutinefunction(decorated)
    assert (decorated.__name__, decorated.__doc__) == ("crawl", "Crawls.")
    assert inspect.signature(decorated) == inspect.signature(crawl)

    async def main() -> None:
        assert await decorated(2) == ["done"] * 2
        assert await decorated(number=1) == ["done"]

    asyncio.run(main())
    trace = decorated.recording.trace
    assert coroutines(trace) == ["main", "job"]
    assert trace.meta["command"] == "crawl"


def test_a_plain_function() -> None:
    """Its call is recorded."""

    @asyncdemo.record(name="the whole")
    def work() -> list[str]:
        return asyncio.run(jobs())

    assert work() == ["done"] * 3
    assert repr(work.recording.trace).startswith("<Trace of the whole: 4 tasks, ")  # type: ignore[attr-defined]


def test_calls_within_calls() -> None:
    """A call during another one is part of its recording, whether it is nested or beside it."""

    @asyncdemo.record()
    async def nested(depth: int) -> int:
        await asyncio.sleep(0)
        return depth if not depth else await nested(depth - 1)

    async def main() -> tuple[int, int]:
        return await asyncio.gather(nested(2), nested(1))

    assert list(asyncio.run(main())) == [0, 0]
    assert coroutines(nested.recording.trace)[0] == "nested"  # type: ignore[attr-defined]


def test_generators_are_refused() -> None:
    """Calling one runs none of its code, so there would be nothing to record."""

    def plain() -> Iterator[int]:
        yield 1

    async def asynchronous() -> AsyncIterator[int]:
        yield 1

    for function in (plain, asynchronous):
        with pytest.raises(AsyncdemoError, match="is a generator, whose call runs none of its code"):
            asyncdemo.record(function)


# Saving


def test_saving(tmp_path: Path) -> None:
    """The file is there when the block is over, and holds the same."""
    path = tmp_path / "a.trace"
    with asyncdemo.record(name="app", save=path) as recording:
        asyncio.run(jobs())
        assert not path.exists()
    loaded = asyncdemo.load(path)
    assert repr(loaded) == repr(recording.trace)
    assert coroutines(loaded) == coroutines(recording.trace)


def test_a_file_that_is_there(tmp_path: Path) -> None:
    """It is refused before anything runs, and left as it is; `force` replaces it."""
    path = tmp_path / "a.trace"
    path.write_text("mine")
    with pytest.raises(AsyncdemoError, match="it exists already"), asyncdemo.record(save=path):
        pytest.fail("it began")
    assert path.read_text() == "mine"
    assert not Recorder.under_way()
    with asyncdemo.record(save=path, force=True):
        asyncio.run(job())
    assert len(asyncdemo.load(path).tasks) == 1


def test_saving_fails_in_the_end(tmp_path: Path) -> None:
    """That is a warning: what the block did stands."""
    folder = tmp_path / "folder"
    folder.mkdir()
    recording = asyncdemo.record(save=folder / "a.trace").start()
    asyncio.run(job())
    folder.rmdir()
    with pytest.warns(RuntimeWarning, match="cannot be written"):
        recording.stop()
    assert coroutines(recording.trace) == ["job"]


def test_a_fault_of_the_recorder_is_a_warning() -> None:
    """The program goes on as if nothing looked on."""
    recording = asyncdemo.record().start()
    recorder_at_work().fail(RuntimeError("broken"))
    assert asyncio.run(jobs()) == ["done"] * 3
    with pytest.warns(RuntimeWarning, match="recording stopped: RuntimeError: broken"):
        recording.stop()


def recorder_at_work() -> Recorder:
    """The one of the recording that goes on."""
    from asyncdemo.recorder import recorder

    assert recorder._active is not None
    return recorder._active


# Showing


class Page(HTMLParser):
    """What a piece of HTML holds."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.colours: set[str] = set()
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes a tag and the colours of its style."""
        self.tags.append(tag)
        self.colours.update(re.findall(r"#[0-9a-f]{6}", dict(attrs).get("style") or ""))

    def handle_data(self, data: str) -> None:
        """Notes text."""
        self.text += data


def luminance(colour: str) -> float:
    """The relative luminance of a colour (WCAG 2.2)."""
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_a_notebook_shows_the_picture() -> None:
    """The final view as one piece of HTML: no script, nothing from outside."""
    shown = asyncdemo.Recording(semaphore())._repr_html_()
    assert shown is not None
    page = Page(shown)
    assert set(page.tags) == {"pre", "span"}
    assert not re.search(r"https?:|url\(|<script|class=|id=", shown)
    assert "job-00" in page.text
    assert "peak 3/3" in page.text


def test_the_picture_can_be_read_on_light_and_on_dark() -> None:
    """Text has the page's own colour; the others have a contrast of 3 and more with white and with black (WCAG)."""
    page = Page(asyncdemo.Recording(semaphore())._repr_html_() or "")
    assert len(page.colours) >= 4
    for colour in page.colours:
        bright = luminance(colour)
        assert 1.05 / (bright + 0.05) >= 3, colour
        assert (bright + 0.05) / 0.05 >= 3, colour


def test_what_a_program_printed_is_no_markup() -> None:
    """A name with a tag in it is shown as it is."""

    async def main() -> None:
        await asyncio.create_task(job(), name="<b>&amp;")

    with asyncdemo.record() as recording:
        asyncio.run(main())
    page = Page(recording._repr_html_() or "")
    assert "b" not in page.tags
    assert "<b>&amp;" in page.text


def test_plain_representations() -> None:
    """A line that says what it is, whatever is in the trace."""
    trace = semaphore()
    assert repr(trace) == "<Trace of semaphore: 11 tasks, 29 steps, 0.211 s>"
    assert repr(asyncdemo.Recording(trace)) == "<Recording of semaphore: 11 tasks, 29 steps, 0.211 s>"
    assert repr(asyncdemo.Trace()) == "<Trace of a program: 0 tasks, 0 steps, 0.000 s>"
    with asyncdemo.record(name="app") as recording:
        asyncio.run(job())
        assert repr(recording).startswith("<Recording so far of app: 1 task, 2 steps, 0.")


# The package


def run_python(code: str) -> str:
    """What a fresh interpreter prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.strip()


def test_the_import_is_cheap() -> None:
    """Importing the package, and looking at `record`, imports neither Rich nor anything else of weight."""
    code = "import sys, asyncdemo; print(sorted({name.split('.')[0] for name in sys.modules} & {'rich', 'asyncio'}))"
    assert run_python(code) == "[]"
    code = "import sys, asyncdemo; asyncdemo.record; print('rich' in sys.modules, 'aiohttp' in sys.modules)"
    assert run_python(code) == "False False"
