"""Consoles: when to colour, how wide to draw."""

from __future__ import annotations

import io

import pytest

from asyncdemo.cli import consoles, terminal


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """It does."""
        return True


TERM = {"TERM": "xterm-256color"}


@pytest.fixture
def environ(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment that a test asks for, in which nothing else says what a terminal can do."""
    monkeypatch.delenv("TERM", raising=False)
    for name, value in request.param.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize(
    ("stream", "color", "environ", "coloured"),
    [
        pytest.param(Terminal(), "auto", TERM, True, id="terminal"),
        pytest.param(io.StringIO(), "auto", TERM, False, id="pipe"),
        pytest.param(Terminal(), "auto", {**TERM, "NO_COLOR": "1"}, False, id="NO_COLOR"),
        pytest.param(Terminal(), "auto", {"TERM": "dumb"}, False, id="dumb terminal"),
        pytest.param(io.StringIO(), "auto", {**TERM, "FORCE_COLOR": "1"}, True, id="FORCE_COLOR into a pipe"),
        pytest.param(io.StringIO(), "auto", {**TERM, "FORCE_COLOR": "0"}, False, id="FORCE_COLOR that says no"),
        pytest.param(io.StringIO(), "auto", {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, id="NO_COLOR wins"),
        pytest.param(io.StringIO(), "always", {}, True, id="always"),
        pytest.param(Terminal(), "always", {"NO_COLOR": "1"}, True, id="always in spite of NO_COLOR"),
        pytest.param(Terminal(), "never", TERM, False, id="never"),
    ],
    indirect=["environ"],
)
@pytest.mark.usefixtures("environ")
def test_colour(stream: io.StringIO, color: str, *, coloured: bool) -> None:
    """What the user asks for wins, then the environment, then what the stream is."""
    consoles.console(stream, color, None).print("text", style="red")
    assert ("\x1b[31m" in stream.getvalue()) == coloured


@pytest.mark.parametrize(
    ("width", "environ", "columns"),
    [
        pytest.param(50, {"COLUMNS": "60"}, 50, id="asked for"),
        pytest.param(None, {"COLUMNS": "60"}, 60, id="COLUMNS"),
        pytest.param(None, {"COLUMNS": "wide"}, 80, id="COLUMNS that is no number"),
        pytest.param(None, {}, 80, id="nothing known"),
    ],
    indirect=["environ"],
)
@pytest.mark.usefixtures("environ")
def test_width(width: int | None, columns: int) -> None:
    """A width that was asked for wins, then COLUMNS, then 80."""
    assert consoles.console(io.StringIO(), "auto", width).width == columns


@pytest.mark.parametrize(
    ("stream", "environ", "animates"),
    [
        pytest.param(Terminal(), TERM, True, id="terminal"),
        pytest.param(Terminal(), {"TERM": "dumb"}, False, id="dumb terminal"),
        pytest.param(io.StringIO(), {**TERM, "FORCE_COLOR": "1"}, False, id="FORCE_COLOR into a pipe"),
    ],
    indirect=["environ"],
)
@pytest.mark.usefixtures("environ")
def test_animation(stream: io.StringIO, *, animates: bool) -> None:
    """Only a terminal that can move its cursor is animated."""
    assert terminal.can_animate(stream) == animates
