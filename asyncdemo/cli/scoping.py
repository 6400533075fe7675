"""The options of `run` that say what of a program is recorded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from typer.core import TyperOption

from asyncdemo.cli.values import Value, count, duration
from asyncdemo.errors import USAGE, AsyncdemoError
from asyncdemo.recorder.scope import Scope

_PANEL = "What is recorded"
_LONGEST_S = 86_400 * 366
_SINCE, _FOR, _MOST = duration(0, _LONGEST_S), duration(0.001, _LONGEST_S), count(1)


def declared() -> list[TyperOption]:
    """The options."""
    return [
        _option("include", "PATTERN", "only tasks of these coroutines: name, module, package", multiple=True),
        _option("exclude", "PATTERN", "no tasks of these coroutines", multiple=True),
        _option("since", "DURATION", "when the recording begins, from the start of the program"),
        _option("for", "DURATION", "how long the recording lasts"),
        _option("max-steps", "COUNT", "how many steps are kept: of more the oldest are dropped"),
        TyperOption(
            param_decls=["--no-children", "run_no_children"],
            is_flag=True,
            default=False,
            help="do not record child processes",
            rich_help_panel=_PANEL,
        ),
    ]


def read(given: Mapping[str, Any], clock: str) -> Scope:
    """What is to be recorded, out of everything that was given to the command.

    Raises:
        AsyncdemoError: an option cannot be read, or cannot be had with this clock (exit code 2).
    """
    scope = Scope(
        include=_patterns(given, "include"),
        exclude=_patterns(given, "exclude"),
        since_s=_value(given, "since", _SINCE) or 0,
        for_s=_value(given, "for", _FOR),
        max_steps=_value(given, "max-steps", _MOST),
    )
    if scope.is_window and clock == "virtual":
        raise AsyncdemoError(
            "--since and --for are real time, and --clock virtual has none.\nLeave one of them out.", USAGE
        )
    return scope


def _patterns(given: Mapping[str, Any], name: str) -> tuple[str, ...]:
    patterns = tuple(given.get(_key(name)) or ())
    if not all(patterns):
        raise AsyncdemoError(f"--{name} needs a pattern, such as 'app.*' or '*worker*'.", USAGE)
    return patterns


def _value(given: Mapping[str, Any], name: str, value: Value) -> Any:
    text = given.get(_key(name))
    return None if text is None else value.read(f"--{name}", text)


def _key(name: str) -> str:
    return f"run_{name.replace('-', '_')}"


def _option(name: str, metavar: str, help_: str, *, multiple: bool = False) -> TyperOption:
    return TyperOption(
        param_decls=[f"--{name}", _key(name)],
        type=str,
        multiple=multiple,
        metavar=metavar,
        help=help_,
        rich_help_panel=_PANEL,
    )
