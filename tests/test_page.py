"""The HTML export in a real browser: what somebody sees and does there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from asyncdemo import exporters
from asyncdemo.exporters import Run
from asyncdemo.trace import NONE, Outcome, Trace, Wait
from tests import browser
from tests.traces import TraceBuilder, family, semaphore

pytestmark = pytest.mark.skipif(bool(browser.missing()), reason=browser.missing())

MANY = 10_000


def many() -> Trace:
    """Ten thousand tasks, of which one fails."""
    builder = TraceBuilder()
    get = builder.wait(Wait.QUEUE_GET, site="crawl.py:7")
    rows = builder.rows["waits"]
    assert len(rows) == 1
    for number in range(MANY):
        fails = number == MANY // 2
        outcome, error = (Outcome.RAISED, "KeyError: 'page'") if fails else (Outcome.RETURNED, "")
        task = builder.task(f"fetch-{number}", number, number + 40, outcome=outcome, error=error)
        builder.step(task, number, number + 1)
        builder.step(task, number + 40, number + 40, wait=get)
    return builder.build()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """One browser for all tests."""
    with browser.browser() as opened:
        yield opened


Opens = Callable[..., Any]


@pytest.fixture
def opened(chromium: Any, tmp_path: Path) -> Iterator[Opens]:
    """Opens the export of a trace; in the end nothing was fetched, and nothing complained of."""
    path, said, pages = tmp_path / "page.html", list[str](), list[Any]()

    def open_(trace: Trace, fragment: str = "", scheme: str = "light", width: int = 1200) -> Any:
        path.write_text("".join(exporters.find("html").export(trace, Run("app.py"))), encoding="ascii")
        page = chromium.new_page(viewport={"width": width, "height": 600}, color_scheme=scheme)
        pages.append(page)
        page.on("console", lambda message: said.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: said.append(f"error: {error}"))
        page.on(
            "request", lambda request: said.append(request.url) if request.url.split("#")[0] != path.as_uri() else 0
        )
        page.goto(f"{path.as_uri()}{fragment}")
        return drawn(page)

    yield open_
    for page in pages:
        page.close()
    assert said == []


def drawn(page: Any) -> Any:
    """The page, once it has painted what it was told to."""
    return browser.until(page, "!drawing && width > 0")


def window(page: Any) -> tuple[float, float]:
    """From when to when it shows, in ns."""
    start, end = drawn(page).evaluate("[from, to]")
    return start, end


def color(page: Any, x: str, y: str) -> tuple[int, ...]:
    """The colour of a point of the canvas: red, green, blue."""
    drawn(page)
    box = page.evaluate("canvas.getBoundingClientRect().toJSON()")
    place = {"x": box["left"] + page.evaluate(x), "y": box["top"] + page.evaluate(y), "width": 1, "height": 1}
    rgb = Image.open(BytesIO(page.screenshot(clip=place))).convert("RGB").getpixel((0, 0))
    assert isinstance(rgb, tuple)
    return rgb


def css(page: Any, name: str) -> tuple[int, ...]:
    """One of the page's colours."""
    text: str = page.evaluate(f"colors['{name}']")
    return tuple(int(text[place : place + 2], 16) for place in (1, 3, 5))


def lane(page: Any, task: int) -> int:
    """Where the middle of a task's lane is, from the top of the window."""
    top: int = page.evaluate("canvas.getBoundingClientRect().top")
    return int(top + page.evaluate("TOP") + page.evaluate("ROW") * (task + 0.5))


@pytest.mark.parametrize(
    ("looked_for", "found"),
    [
        ("", ""),
        ("job-03", "1 of 11 tasks"),
        ("failed", "1 of 11 tasks"),
        ("semaphore", "7 of 11 tasks"),
        ("x y", "0 of 11 tasks"),
    ],
)
def test_a_link_says_what_to_look_for(opened: Opens, looked_for: str, found: str) -> None:
    """Names, outcomes and waits are searched; the header says how every task that has a lane ended."""
    page = opened(semaphore(), f"#{looked_for.replace(' ', '%20')}")
    assert page.text_content("#found") == found
    assert "10 ok \u00b7 1 failed" in page.text_content("#facts")
    assert page.text_content("h1") == "app.py"


def test_every_state_is_painted_in_its_colour(opened: Opens) -> None:
    """A job that waits and then holds the semaphore: first the one colour, then the other, as the legend has them."""
    trace = semaphore()
    page = opened(trace)
    task = next(row for row in range(len(trace.tasks)) if trace.task_name(row) == "job-05")
    hold = list(trace.holds.task).index(task)
    y = f"{page.evaluate('TOP')} + ROW * {task + 0.5}"
    waiting, holding = trace.holds.from_ns[hold] // 2, (trace.holds.from_ns[hold] + trace.holds.to_ns[hold]) // 2
    assert color(page, f"xOf({waiting})", y) == css(page, "wait")
    assert color(page, f"xOf({holding})", y) == css(page, "hold")
    assert "holding a lock or a slot" in page.text_content("#legend")


def test_zooming_and_panning(opened: Opens) -> None:
    """Keys, wheel, drag and double click; never beyond the run; 0 shows the whole again."""
    page = opened(semaphore())
    start, end = window(page)
    page.keyboard.press("+")
    closer = window(page)
    assert (end - start) * 0.69 < closer[1] - closer[0] < (end - start) * 0.71
    page.keyboard.press("ArrowRight")
    assert window(page)[0] > closer[0]
    page.keyboard.press("ArrowLeft")
    assert window(page) == pytest.approx(closer)
    page.mouse.move(700, lane(page, 3))
    page.keyboard.down("Control")
    page.mouse.wheel(0, -100)
    page.keyboard.up("Control")
    browser.until(page, f"to - from < {closer[1] - closer[0] - 1}")
    before = window(page)
    page.mouse.down()
    page.mouse.move(500, lane(page, 3), steps=3)
    page.mouse.up()
    assert window(page)[0] > before[0]
    assert window(page)[1] - window(page)[0] == pytest.approx(before[1] - before[0])
    for _ in range(9):
        page.keyboard.press("ArrowRight")
    assert window(page)[1] == pytest.approx(end)
    page.keyboard.press("0")
    assert window(page) == (start, end)


def test_hovering_tells_and_a_click_tells_more(opened: Opens) -> None:
    """What a task did at that moment and for how long; its figures; a second click closes them."""
    trace = semaphore()
    page = opened(trace)
    task = next(row for row in range(len(trace.tasks)) if trace.task_name(row) == "job-05")
    x = page.evaluate("canvas.getBoundingClientRect().left + xOf(1e7)")
    page.mouse.move(x, lane(page, task))
    tip = page.text_content("#tip")
    assert tip.startswith("job-05  job")
    assert "waiting for Semaphore at semaphore.py:20" in tip
    page.mouse.click(x, lane(page, task))
    detail = page.text_content("#detail")
    assert "job-05" in detail
    assert "made by main" in detail
    page.mouse.click(x, lane(page, task))
    assert not page.is_visible("#detail")


def test_lanes_have_the_names_of_the_terminal(opened: Opens) -> None:
    """The coroutine's, where asyncio only numbered the task."""
    builder = TraceBuilder()
    for coro in ("main", "fetch", "fetch"):
        builder.step(builder.task("", 0, 2, coro=coro), 0, 2)
    builder.task("told", 0, 2, outcome=Outcome.CANCELLED, cancelled_by=0)
    page = opened(builder.build())
    assert page.evaluate("tasks.name") == ["main", "fetch-2", "fetch-3", "told"]
    page.mouse.click(300, lane(page, 3))
    assert "by main" in page.text_content("#detail")


def test_tasks_stand_under_their_process(opened: Opens) -> None:
    """Each process has a row with its name and number; a click hides its tasks and shows them again."""
    page = opened(family())
    assert page.evaluate("shown") == [-1, 0, 1, -2, 2, 3, -3, 4, 5]
    assert "3 processes" in page.text_content("#facts")
    page.mouse.move(300, lane(page, 3))
    assert page.text_content("#tip") == "Fork-1 7\nclick: hide its tasks"
    page.mouse.click(300, lane(page, 3))
    assert page.evaluate("shown") == [-1, 0, 1, -2, -3, 4, 5]
    page.mouse.click(300, lane(page, 6))
    assert page.text_content("#detail").startswith("job")
    page.mouse.click(300, lane(page, 3))
    page.fill("#search", "job")
    assert page.evaluate("shown") == [-1, 1, -2, 3, -3, 5]
    assert page.text_content("#found") == "3 of 6 tasks"
    page.fill("#search", "queue")
    assert page.evaluate("shown") == [-2, 2]
    assert page.evaluate("processes[1].found") == 1


def test_a_process_is_painted_across_the_page(opened: Opens) -> None:
    """Its row is no lane: nobody takes it for a task."""
    page = opened(family())
    assert color(page, "width - 9", "TOP + ROW * 3.5") == css(page, "line")
    assert color(page, "width - 9", "TOP + ROW * 1.5") != css(page, "line")


def test_light_and_dark(opened: Opens) -> None:
    """As the system has it, or as the button says."""
    light, dark = (255, 255, 255), (13, 17, 23)
    page = opened(semaphore(), scheme="dark")
    assert color(page, "width - 3", "height - 3") == dark
    page.click("#theme")
    assert color(page, "width - 3", "height - 3") == light
    assert color(opened(semaphore()), "width - 3", "height - 3") == light


def test_ten_thousand_tasks(opened: Opens) -> None:
    """All are there to be scrolled to and searched; only the lanes on the screen are drawn."""
    page = opened(many())
    assert page.evaluate("shown.length") == MANY
    page.evaluate("scroll.scrollTop = scroll.scrollHeight")
    browser.until(page, "scroll.scrollTop > 100000")
    page.mouse.move(60, 595)
    assert page.text_content("#tip").startswith(f"fetch-{MANY - 1}")
    page.fill("#search", "failed")
    drawn(page)
    assert page.text_content("#found") == f"1 of {MANY} tasks"
    page.fill("#search", "queue.get")
    assert page.text_content("#found") == f"{MANY} of {MANY} tasks"
    page.press("#search", "Escape")
    assert page.text_content("#found") == ""
    span = window(page)[1] - window(page)[0]
    for _ in range(8):
        page.keyboard.press("+")
    assert window(page)[1] - window(page)[0] < span / 10


def test_what_a_program_printed_does_nothing(opened: Opens) -> None:
    """Names and lines are text, whatever is in them."""
    builder = TraceBuilder()
    task = builder.task("<img src=x onerror=alert(1)>", 0, 2, coro="</script><script>alert(1)")
    builder.step(task, 0, 2)
    builder.line(1, "</script><script>alert(1)</script>", task)
    builder.line(1.5, "<b>bold</b>", NONE)
    page = opened(builder.build())
    page.mouse.click(300, lane(page, 0))
    assert "<img src=x onerror=alert(1)>" in page.text_content("#detail")
    assert page.evaluate("document.images.length") == 0


def test_a_narrow_window(opened: Opens) -> None:
    """On a phone the lanes still have most of the room."""
    page = opened(semaphore(), width=380)
    assert page.evaluate("(width - gutter) / width") > 0.7
    assert page.evaluate("document.documentElement.scrollWidth") <= 380
