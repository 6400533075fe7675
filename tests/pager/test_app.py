"""The pager as somebody uses it: keys and mouse, without a terminal."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from asyncdemo.trace import Trace
from asyncdemo.views.glyphs import UNICODE
from tests.pager.recorded import CROWD, JOBS, Ran
from tests.traces import TraceBuilder, ns

pytest.importorskip("textual")

from textual.pilot import Pilot

from asyncdemo.pager.app import Pager, _usual_speed

Hands = Pilot[Exception | None]


def use(trace: Trace, hands: Callable[[Hands, Pager], Awaitable[None]], size: tuple[int, int] = (80, 24)) -> Pager:
    """Opens the pager, lets `hands` use it, and closes it."""

    async def scenario() -> Pager:
        pager = Pager(trace, Ran(), UNICODE)
        async with pager.run_test(size=size) as pilot:
            await hands(pilot, pager)
        return pager

    return asyncio.run(scenario())


def shown(pager: Pager) -> list[str]:
    """The screen as text."""
    return [strip.text.rstrip() for strip in pager._chart._strips]


@pytest.mark.parametrize(
    ("keys", "task", "moment_ms"),
    [
        pytest.param("down down up", 1, 0, id="arrows"),
        pytest.param("j j k", 1, 0, id="letters"),
        pytest.param("end", 4, 0, id="the last"),
        pytest.param("G g", 0, 0, id="the first again"),
        pytest.param("pagedown", 4, 0, id="a page"),
        pytest.param("t", 1, 0, id="the next one that exists"),
        pytest.param("end ] ] ] t", 0, 70, id="from the first on again"),
        pytest.param("down down ] ] ] t", 0, 80, id="not one that has ended"),
        pytest.param("e", 0, 100, id="the end of the run"),
        pytest.param("e a", 0, 0, id="and its beginning"),
        pytest.param("down down down ] ]", 3, 21, id="two steps on"),
        pytest.param("down down down n n p", 3, 2.2, id="and one back"),
        pytest.param("down down down n n w", 1, 20, id="who woke it"),
        pytest.param("down down down n n w b", 3, 21, id="and back"),
        pytest.param("!", 0, 50, id="the longest stall"),
        pytest.param("! !", 4, 40, id="the next longest"),
        pytest.param("! ! !", 0, 50, id="the longest again"),
        pytest.param("down ! b", 1, 0, id="back from a stall"),
    ],
)
def test_keys_move(keys: str, task: int, moment_ms: float) -> None:
    """To another task, and to another moment."""

    async def press(pilot: Hands, pager: Pager) -> None:
        await pilot.press(*(NAMES.get(key, key) for key in keys.split()))
        assert (pager.viewpoint.task, pager.viewpoint.moment_ns) == (task, ns(moment_ms))

    use(JOBS(), press)


NAMES = {"!": "exclamation_mark", "]": "right_square_bracket", "[": "left_square_bracket", "/": "slash", "?": "f1"}


def test_time_is_moved_and_zoomed() -> None:
    """By a cell, by half a screen, closer and away, and back to the whole."""

    async def press(pilot: Hands, pager: Pager) -> None:
        view, cell_ns = pager.viewpoint, pager.viewpoint.window.cell_ns
        await pilot.press("right", "right", "left")
        assert view.moment_ns == cell_ns
        await pilot.press("plus", "z")
        assert view.window.cell_ns == cell_ns // 2 // 2
        start_ns = view.window.start_ns
        await pilot.press("L")
        assert view.window.start_ns == start_ns + view.window.columns // 2 * view.window.cell_ns
        await pilot.press("minus", "0")
        assert view.is_whole

    use(JOBS(), press)


def test_a_filter_is_typed_and_taken_back() -> None:
    """Only the line for it takes the letters; Enter shows what fits, Esc everything."""

    async def press(pilot: Hands, pager: Pager) -> None:
        await pilot.press("slash", *"failed", "enter")
        assert list(pager.viewpoint.shown) == [3]
        assert "1 of 5 tasks" in shown(pager)[0]
        await pilot.press("slash", "escape")
        assert len(pager.viewpoint.shown) == 5
        await pilot.press("slash", *"q", "enter", "j")
        assert pager.is_running

    use(JOBS(), press)


def test_going_to_a_task_that_is_filtered_out_shows_all() -> None:
    """Who woke it is never out of reach."""

    async def press(pilot: Hands, pager: Pager) -> None:
        await pilot.press("slash", *"consumer-2", "enter", "n", "n", "w")
        assert pager.viewpoint.task == 1
        assert len(pager.viewpoint.shown) == 5

    use(JOBS(), press)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        pytest.param("!", "1 of 2: blocked 8.0 ms by main at app.py:31", id="a stall"),
        pytest.param("down down down n n w", "producer woke consumer-2 at this moment", id="a waker"),
        pytest.param("w", "It was woken by no task: program.", id="no task woke it"),
        pytest.param("c", "main decides at this moment how long the run takes.", id="the critical path"),
        pytest.param("b", "There is nowhere to go back to.", id="nowhere to go back to"),
        pytest.param("e t", "There is no task at this moment.", id="no task"),
        pytest.param("p", "This is its first step.", id="before the first step"),
        pytest.param("e n", "This is its last step.", id="after the last step"),
        pytest.param("> >", "0.0625x: a second of the run takes 16 s.", id="faster"),
    ],
)
def test_what_the_last_line_says(keys: str, said: str) -> None:
    """What happened, until the next key."""

    async def press(pilot: Hands, pager: Pager) -> None:
        await pilot.press(*({**NAMES, ">": "greater_than_sign"}.get(key, key) for key in keys.split()))
        assert shown(pager)[-1].startswith(said)
        await pilot.press("down")
        assert shown(pager)[-1].endswith("q quit")

    use(JOBS(), press)


def test_a_run_without_stalls_says_so() -> None:
    """With how long one would have had to be."""
    builder = TraceBuilder(stall_ns=50_000_000)
    builder.step(builder.task("job", 0, 5), 0, 5)

    async def press(pilot: Hands, pager: Pager) -> None:
        await pilot.press("exclamation_mark")
        assert shown(pager)[-1] == "The loop was never blocked for longer than 50 ms."

    use(builder.build(), press)


def test_enter_opens_and_closes_the_pane() -> None:
    """Also where it is open of itself."""

    async def press(pilot: Hands, pager: Pager) -> None:
        for there in (False, True, False):
            await pilot.press("enter")
            assert any("ok after 100 ms" in line for line in shown(pager)) == there

    use(JOBS(), press)


def test_help_says_every_key() -> None:
    """And goes away again."""

    async def press(pilot: Hands, pager: Pager) -> None:
        await pilot.press("question_mark")
        text = str(pager.screen.query_one("Static").render())
        assert "who woke it" in text
        assert "more tasks a row: cohorts" in text
        assert "state:failed" in text
        await pilot.press("escape")
        await pilot.press("down")
        assert pager.viewpoint.task == 1

    use(JOBS(), press)


def test_playing_goes_on_to_the_end_and_starts_again() -> None:
    """At the speed of the run times the factor; at the end it stops, and the next time it begins anew."""

    async def press(pilot: Hands, pager: Pager) -> None:
        await pilot.press("space")
        assert pager._showing.playing
        pager._timer.stop()
        for passed_s in (2, 3, 9):
            pager._played -= passed_s
            before_ns = pager.viewpoint.moment_ns
            pager._play_on()
            assert pager.viewpoint.moment_ns >= min(before_ns + ns(passed_s * 1000 / 64), ns(100))
        assert pager.viewpoint.moment_ns == ns(100)
        assert not pager._showing.playing
        await pilot.press("space")
        assert pager._showing.playing
        assert pager.viewpoint.moment_ns < ns(100)
        await pilot.press("space")
        assert not pager._showing.playing

    use(JOBS(), press)


@pytest.mark.parametrize(("seconds", "speed"), [(10, 1), (1, 1 / 8), (100, 8), (0.000001, 2**-23), (0, 2**-33)])
def test_the_usual_speed(seconds: float, speed: float) -> None:
    """A power of two at which a run takes ten seconds, or up to twice as long."""
    found = _usual_speed(round(seconds * 1e9))
    assert found == speed or seconds < 0.001
    assert 5 <= max(seconds, 1e-9) / found <= 20


def test_the_mouse_selects_and_scrolls() -> None:
    """A click selects task and moment, the wheel scrolls, with Ctrl it zooms."""

    async def press(pilot: Hands, pager: Pager) -> None:
        view, label = pager.viewpoint, pager._picture.frame(80, 24).label
        await pilot.click(offset=(label + 10, 2 + 4))
        assert (view.task, view.moment_ns) == (4, 10 * view.window.cell_ns)
        await pilot.click(offset=(3, 0))
        assert view.task == 4
        await pilot._post_mouse_events([_Down], offset=(20, 5))
        assert view.top == 3
        cell_ns = view.window.cell_ns
        await pilot._post_mouse_events([_Up], offset=(20, 5), control=True)
        assert view.window.cell_ns == cell_ns // 2

    from textual.events import MouseScrollDown as _Down
    from textual.events import MouseScrollUp as _Up

    use(CROWD(), press)


def test_another_size_is_followed() -> None:
    """The screen is drawn anew."""

    async def press(pilot: Hands, pager: Pager) -> None:
        await pilot.resize_terminal(50, 15)
        await pilot.pause()
        assert len(shown(pager)) == 15
        assert max(map(len, shown(pager))) < 50

    use(JOBS(), press)


@pytest.mark.parametrize(("key", "code"), [("q", 0), ("ctrl+c", 130)])
def test_it_ends(key: str, code: int) -> None:
    """With 0 for quitting, and 130 for Ctrl+C."""

    async def press(pilot: Hands, pager: Pager) -> None:
        assert pager.is_running
        await pilot.press(key)

    assert use(JOBS(), press).return_code == code


def test_a_fault_of_the_picture_ends_it_and_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """No traceback: the fault is what comes back."""

    async def press(pilot: Hands, pager: Pager) -> None:
        def broken(*_: object) -> None:
            raise ValueError("no such colour")

        monkeypatch.setattr(pager._picture, "lines", broken)
        await pilot.press("down")

    pager = use(JOBS(), press)
    assert str(pager.return_value) == "no such colour"
    assert pager.return_code == 1


def test_tasks_are_gathered_to_cohorts_and_come_apart() -> None:
    """`o` until all are on the screen, `i` back, Enter to the selected cohort's tasks; the rows fill by themselves."""

    async def press(pilot: Hands, pager: Pager) -> None:
        view = pager.viewpoint
        seen = []
        for key in "oooo":
            await pilot.press(key)
            seen.append((view.cohort, view.rows))
        assert seen == [(8, 63), (16, 32), (32, 16), (32, 16)]
        assert shown(pager)[-1] == "All tasks are on the screen."
        await pilot.pause()
        assert pager._picture.crowd(view).complete
        assert not any("\u2026" in line for line in shown(pager))
        await pilot.press("i", "down", "down")
        assert (view.cohort, view.selected, view.task) == (16, 32, None)
        await pilot.press("enter")
        assert (view.cohort, view.task) == (1, 32)
        assert shown(pager)[2].split()[1] == "fetch-33"
        await pilot.press("o", "i")
        assert view.cohort == 1

    use(CROWD(), press)


def test_keys_for_a_task_say_that_a_cohort_is_none() -> None:
    """Its steps and wakers are those of its tasks."""

    async def press(pilot: Hands, pager: Pager) -> None:
        for key in ("n", "w"):
            await pilot.press("o", key)
            assert shown(pager)[-1] == "This is a cohort. Enter: its tasks."

    use(CROWD(), press)


def test_a_stall_leads_from_a_cohort_to_its_task() -> None:
    """In a lane again."""

    async def press(pilot: Hands, pager: Pager) -> None:
        await pilot.press("o", "exclamation_mark")
        assert (pager.viewpoint.cohort, pager.viewpoint.task) == (1, 0)

    use(JOBS(), press, size=(80, 8))


def test_few_tasks_need_no_cohorts() -> None:
    """They are on the screen."""

    async def press(pilot: Hands, pager: Pager) -> None:
        await pilot.press("o")
        assert pager.viewpoint.cohort == 1
        assert shown(pager)[-1] == "All tasks are on the screen."

    use(JOBS(), press)
