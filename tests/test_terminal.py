"""The live view on a real terminal: a pseudo-terminal with a terminal emulator behind it."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from asyncdemo.cli import main
from asyncdemo.tracefile import load

pexpect = pytest.importorskip("pexpect")
pyte = pytest.importorskip("pyte")

ALTERNATE = b"\x1b[?1049h"
MAIN = b"\x1b[?1049l"
HIDE = b"\x1b[?25l"
SHOW = b"\x1b[?25h"
PATIENCE_S = 30.0


class Terminal:
    """A command on a terminal of its own.

    Attributes:
        seen: every byte that was written to it.
        code: the exit code, once `finish` has returned.
    """

    def __init__(self, arguments: list[str], columns: int, rows: int, environment: dict[str, str]) -> None:
        self.seen = b""
        self.code: int | None = None
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        kept = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "FORCE_COLOR", "COLUMNS"}}
        self._child: Any = pexpect.spawn(
            sys.executable,
            ["-m", "asyncdemo", *arguments],
            dimensions=(rows, columns),
            env={**kept, "TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8", **environment},
        )

    def text(self) -> str:
        """What the screen shows."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    def until(self, holds: Callable[[], bool]) -> None:
        """Reads until a condition holds."""
        deadline = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < deadline, self.text()
            assert self._read(), f"it ended before: {self.seen!r}"

    def shows(self, text: str) -> None:
        """Reads until the screen shows `text`."""
        self.until(lambda: text in self.text())

    def finish(self) -> str:
        """Reads until the command ends; returns what it wrote to the main screen at the end."""
        deadline = time.monotonic() + PATIENCE_S
        while self._read():
            assert time.monotonic() < deadline, self.text()
        self._child.close()
        self.code = self._child.exitstatus
        return self.seen.rpartition(MAIN)[2].decode()

    def resize(self, columns: int, rows: int) -> None:
        """Makes the terminal another size."""
        self._child.setwinsize(rows, columns)
        self.screen.resize(rows, columns)

    def interrupt(self) -> None:
        """Presses Ctrl+C."""
        self._child.sendintr()

    def press(self, keys: str) -> None:
        """Types."""
        self._child.send(keys)

    def kill(self, number: int) -> None:
        """Sends a signal."""
        self._child.kill(number)

    def close(self) -> None:
        """Ends the command whatever it does."""
        self._child.close(force=True)

    def is_restored(self) -> bool:
        """Whether the main screen and the cursor are back."""
        return self.seen.rfind(MAIN) > self.seen.rfind(ALTERNATE) and self.seen.rfind(SHOW) > self.seen.rfind(HIDE)

    def _read(self) -> bool:
        try:
            data = self._child.read_nonblocking(65536, timeout=0.1)
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        self.seen += data
        self._stream.feed(data)
        return True


Opens = Callable[..., Terminal]


@pytest.fixture
def terminal() -> Iterator[Opens]:
    """Opens terminals, and closes them after the test."""
    opened: list[Terminal] = []

    def open_(*arguments: str, columns: int = 80, rows: int = 24, **environment: str) -> Terminal:
        opened.append(Terminal(list(arguments), columns, rows, environment))
        return opened[-1]

    yield open_
    for each in opened:
        each.close()


def test_lanes_are_drawn_while_the_program_runs(terminal: Opens) -> None:
    """On the alternate screen each task has its lane, and the cursor is hidden."""
    live = terminal("semaphore")
    for shown in ("running", "Task 9", "█", "slot 3"):
        live.shows(shown)
    assert ALTERNATE in live.seen
    assert live.screen.cursor.hidden


def test_at_the_end_the_main_screen_has_picture_and_output(terminal: Opens) -> None:
    """What the program printed, and then the final picture and the verdict, stand on the main screen."""
    live = terminal("semaphore", "--scale", "0.3")
    left = live.finish()
    assert live.code == 0
    assert live.is_restored()
    assert "10 ok" in left
    assert left.index("Task 0 acquired resource") < left.index("Total time: 1.") < left.index("10 ok")
    assert left.count("Task 0 acquired resource") == 1


def test_a_short_run_does_not_flash(terminal: Opens) -> None:
    """A run that is over at once never sees the alternate screen."""
    live = terminal("semaphore", "--clock", "virtual")
    live.finish()
    assert live.code == 0
    assert ALTERNATE not in live.seen
    assert b"10 ok" in live.seen


def test_a_resize_is_followed(terminal: Opens) -> None:
    """When the terminal narrows the next frame fits it."""
    live = terminal("semaphore", "--scale", "5", columns=100)
    live.shows("Task 9")
    live.resize(50, 20)
    live.until(lambda: max(map(len, live.text().splitlines())) < 50 and "Task 0" in live.text())
    live.interrupt()
    live.finish()
    assert live.is_restored()


@pytest.mark.parametrize("columns", [40, 80])
def test_nothing_is_drawn_in_the_last_column(terminal: Opens, columns: int) -> None:
    """The last column stays free, so that no terminal wraps."""
    live = terminal("semaphore", columns=columns)
    live.shows("Task 9")
    assert max(map(len, live.text().splitlines())) < columns


def test_ctrl_c_shows_what_ran(terminal: Opens) -> None:
    """Ctrl+C: the program's own shutdown, the terminal as it was, the picture of what ran, 130."""
    live = terminal("semaphore", "--scale", "5")
    live.shows("Task 9")
    live.interrupt()
    left = live.finish()
    assert live.code == 130
    assert live.is_restored()
    assert "10 cancelled" in left
    assert "Traceback" not in left


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_deadly_signal_restores_the_terminal(terminal: Opens, number: int, code: int) -> None:
    """SIGTERM and SIGHUP: the terminal as it was and a partial summary."""
    live = terminal("semaphore", "--scale", "5")
    live.shows("Task 9")
    live.kill(number)
    left = live.finish()
    assert live.code == code
    assert live.is_restored()
    assert "never ended" in left


def test_the_second_ctrl_c_restores_the_terminal_too(terminal: Opens) -> None:
    """Ctrl+C twice while workers clean up: at once, and the terminal is as it was."""
    live = terminal("signals", "--cleanup", "60")
    live.shows("Worker 2")
    live.interrupt()
    live.shows("cleaning up")
    live.interrupt()
    live.finish()
    assert live.code == 130
    assert live.is_restored()


def test_a_blocked_loop_is_drawn(terminal: Opens, tmp_path: Any) -> None:
    """Frames go on while a task keeps the loop from running."""
    script = tmp_path / "blocks.py"
    script.write_text(
        "import asyncio, time\n"
        "async def main():\n"
        "    await asyncio.sleep(0.5)\n"
        "    time.sleep(3)\n"
        "asyncio.run(main())\n"
    )
    live = terminal("run", str(script))
    live.shows("1.5")
    live.shows("2.5")
    live.finish()
    assert live.code == 0


def test_a_server_is_drawn_and_recorded_until_it_is_shut_down(terminal: Opens, tmp_path: Any) -> None:
    """`--live --save`: Ctrl+C is the program's own first; then the picture stands there, and the recording is saved."""
    script = tmp_path / "serves.py"
    script.write_text(
        "import asyncio\n"
        "async def serve():\n"
        "    server = await asyncio.start_server(lambda *_: None, '127.0.0.1', 0)\n"
        "    try:\n"
        "        await server.serve_forever()\n"
        "    finally:\n"
        "        print('shut down in order')\n"
        "asyncio.run(serve())\n"
    )
    live = terminal("run", "--live", "--save", str(tmp_path / "t.trace"), str(script))
    live.shows("serve")
    live.interrupt()
    left = live.finish()
    assert live.code == 130
    assert live.is_restored()
    assert "shut down in order" in left
    assert "1 cancelled" in left
    saved = load(tmp_path / "t.trace")
    assert saved.text(saved.tasks.coro[0]) == "serve"


def test_what_children_write_does_not_garble_the_screen(terminal: Opens) -> None:
    """Processes of a pool print straight to the terminal; their lines are held and stand among the others."""
    live = terminal("executor", "--block", "10ms", "--size", "10M")
    live.shows("CPU task 1 starting")
    assert all("│ CPU task" in line for line in live.text().splitlines() if "CPU task" in line)
    left = live.finish()
    assert live.code == 0
    assert left.count("CPU task 0 starting") == 1


@pytest.mark.parametrize(
    "environment",
    [pytest.param({"TERM": "dumb"}, id="TERM=dumb"), pytest.param({"TERM": "unknown"}, id="TERM=unknown")],
)
def test_a_terminal_that_can_do_nothing_gets_lines(terminal: Opens, environment: dict[str, str]) -> None:
    """Without cursor movement there is no live view and no escape code."""
    live = terminal("semaphore", "--clock", "virtual", **environment)
    live.finish()
    assert live.code == 0
    assert b"\x1b" not in live.seen
    assert b"+1.000s" in live.seen


def test_no_color_is_live_without_colours(terminal: Opens) -> None:
    """NO_COLOR leaves the view as it is but for its colours."""
    live = terminal("semaphore", "--scale", "0.3", NO_COLOR="1")
    live.finish()
    assert ALTERNATE in live.seen
    assert not re.search(rb"\x1b\[[0-9;]*m", live.seen)


def test_the_list_is_coloured_on_a_terminal(terminal: Opens) -> None:
    """Names stand out, and NO_COLOR is honoured."""
    coloured, plain = terminal("list"), terminal("list", NO_COLOR="1")
    coloured.finish()
    plain.finish()
    assert b"\x1b[36m" in coloured.seen
    assert b"\x1b" not in plain.seen


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A recording of the semaphore concept."""
    path = str(tmp_path_factory.mktemp("saved") / "a.trace")
    assert main.run(["semaphore", "--clock", "virtual", "-q", "--save", path]) == 0
    return path


class TestThePager:
    """`replay` on a terminal."""

    @pytest.fixture(autouse=True)
    def with_textual(self) -> None:
        """It needs Textual."""
        pytest.importorskip("textual")

    @pytest.mark.parametrize(("columns", "rows"), [(80, 24), (200, 50), (40, 20)])
    def test_a_recording_is_looked_around_in(self, terminal: Opens, saved: str, columns: int, rows: int) -> None:
        """Lanes, a key that moves, another that zooms, and out: the terminal is as it was and nothing is left on it."""
        pager = terminal("replay", saved, columns=columns, rows=rows)
        pager.shows("Task 9")
        pager.press("e")
        pager.shows("4.000")
        pager.press("G+")
        pager.until(lambda: "in_flight" in pager.text().replace(" ", "_") or "flight" in pager.text())
        assert max(len(line.rstrip()) for line in pager.screen.display) < columns
        pager.press("q")
        left = pager.finish()
        assert pager.code == 0
        assert pager.is_restored()
        assert "Task" not in left

    def test_a_filter_is_typed(self, terminal: Opens, saved: str) -> None:
        """Between `/` and Enter keys are letters."""
        pager = terminal("replay", saved)
        pager.shows("Task 9")
        pager.press("/")
        pager.shows("state:failed")
        pager.press("wait:tasks\r")
        pager.shows("1 of 11 tasks")
        assert "Task 9" not in pager.text().replace("woken by Task 9", "").replace("ms    Task 9", "")

    def test_colours_are_the_terminals_own(self, terminal: Opens, saved: str) -> None:
        """No colour is mixed, and no background is painted over the terminal's."""
        pager = terminal("replay", saved)
        pager.shows("Task 9")
        assert b"\x1b[34m" in pager.seen
        assert b"38;2;" not in pager.seen
        assert b"48;2;" not in pager.seen

    def test_no_color(self, terminal: Opens, saved: str) -> None:
        """NO_COLOR leaves glyphs and what is reversed."""
        pager = terminal("replay", saved, NO_COLOR="1")
        pager.shows("Task 9")
        assert not re.search(rb"\x1b\[(?:\d+;)*3[0-7]m", pager.seen)

    @pytest.mark.parametrize(
        ("end", "code"),
        [
            pytest.param(lambda pager: pager.press("\x03"), 130, id="Ctrl+C"),
            pytest.param(lambda pager: pager.kill(signal.SIGTERM), 143, id="SIGTERM"),
            pytest.param(lambda pager: pager.kill(signal.SIGHUP), 129, id="SIGHUP"),
        ],
    )
    def test_it_can_be_ended(self, terminal: Opens, saved: str, end: Callable[[Terminal], None], code: int) -> None:
        """However it ends, the terminal is as it was."""
        pager = terminal("replay", saved)
        pager.shows("Task 9")
        end(pager)
        pager.finish()
        assert pager.code == code
        assert pager.is_restored()

    def test_a_resize_is_followed(self, terminal: Opens, saved: str) -> None:
        """The next screen fits."""
        pager = terminal("replay", saved, columns=120)
        pager.shows("Task 9")
        pager.resize(50, 20)
        pager.until(lambda: max(map(len, pager.text().splitlines())) < 50 and "Task 0" in pager.text())

    @pytest.mark.parametrize("asked", [("--view", "lanes"), ("--width", "70"), ("-f", "plain"), ("-f", "live")])
    def test_who_asks_for_a_picture_gets_it(self, terminal: Opens, saved: str, asked: tuple[str, str]) -> None:
        """As it was before there was a pager."""
        shown = terminal("replay", saved, *asked)
        shown.finish()
        assert shown.code == 0
        assert b"10 ok" in shown.seen

    def test_without_textual_the_picture_is_shown(self, terminal: Opens, saved: str, tmp_path: Any) -> None:
        """With what to install for more."""
        (tmp_path / "sitecustomize.py").write_text(
            "import importlib.util as util\n"
            "find = util.find_spec\n"
            "util.find_spec = lambda name, *more: None if name == 'textual' else find(name, *more)\n"
        )
        shown = terminal("replay", saved, PYTHONPATH=str(tmp_path))
        shown.finish()
        assert shown.code == 0
        assert b"pip install 'asyncdemo[replay]'" in shown.seen
        assert b"10 ok" in shown.seen
        assert ALTERNATE not in shown.seen
