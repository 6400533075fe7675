"""The options that mean the same for every run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pkgutil import iter_modules
from typing import Any

from typer.core import TyperOption

from asyncdemo import exporters
from asyncdemo.cli.values import Value, choice, count, duration, number, text
from asyncdemo.errors import USAGE, AsyncdemoError
from asyncdemo.views.kinds import VIEWS

_PANEL = "Run options"
_LONGEST_S = 86_400 * 7
_ROOM = len("auto|always|never")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """The run options, read.

    Attributes:
        loop: `asyncio`, `uvloop`, or None when not given.
        clock: `real` or `virtual`.
        scale: what every duration option is multiplied by, or None for as it is.
        seed: for the random numbers of the program, or None.
        timeout: real seconds, or None.
        format: one of `FORMATS`.
        save: where the trace goes, or None.
        force: whether files may be overwritten.
        output: the file that results go to instead of stdout, or None.
        view: how the tasks are drawn, or None to let their number decide.
        color: `auto`, `always` or `never`.
        ascii: whether to draw with ASCII characters alone.
        fps: frames a second of the live view.
        width: columns to draw on, or None for those of the terminal.
        verbose: whether a fault of asyncdemo's own shows its traceback.
        critical: whether the final picture marks what decided how long the run took.
    """

    loop: str | None = None
    clock: str = "real"
    scale: float | None = None
    seed: int | None = None
    timeout: float | None = None
    format: str = "auto"
    save: str | None = None
    force: bool = False
    output: str | None = None
    view: str | None = None
    color: str = "auto"
    ascii: bool = False
    fps: float = 10.0
    width: int | None = None
    verbose: bool = False
    critical: bool = False


@dataclass(frozen=True, slots=True)
class _Declared:
    """One run option with a value: its names, what it accepts, its help and the default that `--help` shows."""

    names: tuple[str, ...]
    value: Value
    help: str
    default: str | None = None

    @property
    def field(self) -> str:
        return self.names[0].removeprefix("--")

    @property
    def metavar(self) -> str:
        """The values in short; many words would leave no room for the help beside them and stand in it instead."""
        return self.field.upper() if self._is_long else self.value.metavar

    @property
    def described(self) -> str:
        return f"{self.help}: {self.value.metavar.replace('|', ', ')}" if self._is_long else self.help

    @property
    def _is_long(self) -> bool:
        return len(self.value.metavar) > _ROOM


# Their modules' names, for importing them all to learn their names would cost every run.
_EXPORTS = sorted(each.name for each in iter_modules(exporters.__path__) if not each.name.startswith("_"))
FORMATS = ("auto", "live", "plain", "quiet", *_EXPORTS)

SHORT = ("live", "json", "quiet")
"""The formats with a flag of their own."""

_WITH_VALUE = (
    _Declared(("--loop",), choice("asyncio", "uvloop"), "event loop"),
    _Declared(
        ("--clock",), choice("real", "virtual"), "time that passes, or time that jumps to the next timer", "real"
    ),
    _Declared(("--scale",), number(0, 1e6), "multiplies every duration"),
    _Declared(("--seed",), count(), "for the program's random numbers"),
    _Declared(("--timeout",), duration(0.001, _LONGEST_S), "real time after which the run is interrupted"),
    _Declared(
        ("--format", "-f"),
        choice(*FORMATS),
        "what is shown, where auto is live on a terminal and plain elsewhere",
        "auto",
    ),
    _Declared(("--save",), text("TRACE"), "save the recording to this file, and while it runs what there is of it"),
    _Declared(("--output", "-o"), text("FILE"), "write the result to this file, not to stdout"),
    _Declared(("--view",), choice(*VIEWS), "how tasks are drawn, if not as their number suggests"),
    _Declared(("--color",), choice("auto", "always", "never"), "use colours", "auto"),
    _Declared(("--fps",), number(1, 60), "frames a second of the live view", "10"),
    _Declared(("--width",), count(20, 1000), "columns to draw on"),
)
_FLAGS = (
    (("--force",), "overwrite existing files"),
    (("--live",), "short for --format live: drawn while it runs"),
    (("--json",), "short for --format json"),
    (("--quiet", "-q"), "short for --format quiet: only the program's own output"),
    (("--critical",), "mark what decided how long it took"),
    (("--ascii",), "draw with ASCII characters alone"),
    (("--verbose", "-v"), "show the traceback of a fault of asyncdemo's own"),
)


def declared(*without: str) -> list[TyperOption]:
    """The run options for a command, but for those fields named in `without`."""
    valued = [_option(each) for each in _WITH_VALUE if each.field not in without]
    flags = [_flag(names, help_) for names, help_ in _FLAGS if names[0].removeprefix("--") not in without]
    return [*valued, *flags]


def read(given: Mapping[str, Any]) -> RunOptions:
    """The run options out of everything that was given to a command.

    Raises:
        AsyncdemoError: one cannot be read, or two contradict each other (exit code 2).
    """
    values: dict[str, Any] = {}
    for each in _WITH_VALUE:
        text_ = given.get(_key(each.field))
        if text_ is not None:
            values[each.field] = each.value.read(each.names[0], text_)
    flags: dict[str, Any] = {
        names[0].removeprefix("--"): bool(given.get(_key(names[0].removeprefix("--")))) for names, _ in _FLAGS
    }
    short = {name for name in SHORT if flags.pop(name)}
    values["format"] = _format(values.get("format", "auto"), short)
    return RunOptions(**values, **flags)


def _format(asked: str, short: set[str]) -> str:
    wanted = {asked} - {"auto"} | short
    if len(wanted) > 1:
        raise AsyncdemoError(f"More than one format was asked for: {', '.join(sorted(wanted))}.\nGive one.", USAGE)
    return wanted.pop() if wanted else "auto"


def _key(field: str) -> str:
    """The name of a run option among a command's values; a concept may have an option of the same name as a field."""
    return f"run_{field}"


def _option(each: _Declared) -> TyperOption:
    return TyperOption(
        param_decls=[*each.names, _key(each.field)],
        type=str,
        default=each.default,
        show_default=each.default is not None,
        metavar=each.metavar,
        help=each.described,
        rich_help_panel=_PANEL,
    )


def _flag(names: tuple[str, ...], help_: str) -> TyperOption:
    key = _key(names[0].removeprefix("--"))
    return TyperOption(param_decls=[*names, key], is_flag=True, default=False, help=help_, rich_help_panel=_PANEL)
