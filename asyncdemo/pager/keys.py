"""What each key does: the one table that bindings, help and hints come from."""

from __future__ import annotations

from typing import NamedTuple


class Key(NamedTuple):
    """What pressing some keys does.

    Attributes:
        keys: the names that Textual has for them, separated by commas.
        action: the pager's method `action_...`, with its arguments.
        shown: what stands on them, for people.
        help: what it does.
        hint: the same in a word, for the last line of the screen; "" for none.
    """

    keys: str
    action: str
    shown: str
    help: str
    hint: str = ""


KEYS = (
    Key("question_mark,f1", "help", "?", "this help", "help"),
    Key("q,ctrl+q", "quit", "q", "quit", "quit"),
    Key("up,k", "select(-1)", "up k", "the task above"),
    Key("down,j", "select(1)", "down j", "the task below"),
    Key("pageup,ctrl+b", "page(-1)", "PgUp", "a screen of tasks up"),
    Key("pagedown,ctrl+f", "page(1)", "PgDn", "a screen of tasks down"),
    Key("home,g", "edge(0)", "Home g", "the first task"),
    Key("end,G", "edge(1)", "End G", "the last task"),
    Key("t", "alive", "t", "the next task that there is at the moment"),
    Key("o", "gather(1)", "o", "more tasks a row: cohorts, shaded by how many of their tasks are at work", "cohorts"),
    Key("i", "gather(0)", "i", "fewer tasks a row, until each has a lane again"),
    Key("left,h", "step(-1)", "left h", "a cell back in time"),
    Key("right,l", "step(1)", "right l", "a cell on in time"),
    Key("shift+left,H", "pan(-1)", "Shift-left H", "half a screen back in time"),
    Key("shift+right,L", "pan(1)", "Shift-right L", "half a screen on in time"),
    Key("a", "begin", "a", "the beginning of the run"),
    Key("e", "finish", "e", "the end of the run"),
    Key("plus,equals_sign,z", "zoom(1)", "+ z", "closer, around the moment", "zoom"),
    Key("minus,Z", "zoom(0)", "- Z", "further away"),
    Key("0", "whole", "0", "the whole run"),
    Key(
        "enter",
        "details",
        "Enter",
        "open or close the pane of the selected task; the tasks of the selected cohort",
        "task",
    ),
    Key("right_square_bracket,n", "follow(1)", "] n", "its next step"),
    Key("left_square_bracket,p", "follow(-1)", "[ p", "its step before"),
    Key("w", "waker", "w", "go to who woke it, at that moment", "waker"),
    Key("backspace,b", "return", "b", "go back to where w or ! was pressed"),
    Key("exclamation_mark", "stall", "!", "the longest stall of the loop; again: the next longest", "stall"),
    Key("c", "critical", "c", "mark the critical path: who decides how long the run takes"),
    Key("slash", "filter", "/", "show only tasks with these words in their name, outcome or waits", "filter"),
    Key("escape", "unfilter", "Esc", "show all tasks again"),
    Key("space", "play", "Space", "play it back from the moment, or pause", "play"),
    Key("greater_than_sign,full_stop", "faster(1)", ">", "play twice as fast"),
    Key("less_than_sign,comma", "faster(0)", "<", "play half as fast"),
)

HINTS = ("cohorts", "play", "zoom", "task", "filter", "stall", "waker", "help", "quit")
"""What the last line says, in this order; where there is no room for all, the first ones go."""
FILTERS = (
    "A filter is words that must all fit: job-7, Lock, app.py:12. Where to look can be said:",
    "name:job   state:failed   state:waiting (at the moment)   wait:Queue",
)
MOUSE = "Mouse: click a task, scroll the tasks, Ctrl and scroll to zoom, Shift and scroll to move in time."
