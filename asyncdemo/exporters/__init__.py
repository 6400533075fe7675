"""Export formats: a module of this package each, which is all that it takes to add one.

The module's name is the format's name and the first line of its docstring the help. It has `EXTENSION` (such as
"json") and `export(trace, run)`, which turns a trace into pieces of text and never touches a file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Self, TypeVar

from asyncdemo.errors import USAGE, AsyncdemoError
from asyncdemo.trace import NONE, Trace

_T = TypeVar("_T")

SCHEMA = "asyncdemo/1"


@dataclass(frozen=True, slots=True)
class Run:
    """What is known of a run beside its trace.

    Attributes:
        command: the concept's or the script's name.
        params: the options it ran with, in values that JSON can hold.
        env: what it ran on, such as `python`, `platform` and `loop`; no names of hosts or users.
        observer: what looked on, for a run that is drawn is slower than one that is not.
        exit_code: the process's exit code; None when the recording was cut off, so that nobody knows.
        ideal_ns: how long the concept says it takes at best, or None.
        ideal_more: what comes on top of that and cannot be computed, such as "the time of the sums", or "".
        warnings: sentences about what could not be recorded.
        version: asyncdemo's version.
        about: what the title of a picture says of the options, the most telling first.
        watch: what to look at while it runs, "" when nobody said.
        left_out: sentences about what is left out of the recording.
    """

    command: str
    params: Mapping[str, Any] = field(default_factory=dict)
    env: Mapping[str, Any] = field(default_factory=dict)
    observer: str = "none"
    exit_code: int | None = 0
    ideal_ns: int | None = None
    ideal_more: str = ""
    warnings: tuple[str, ...] = ()
    version: str = ""
    about: tuple[str, ...] = ()
    watch: str = ""
    left_out: tuple[str, ...] = ()

    @property
    def outcome(self) -> str:
        """How it went, told from the exit code: "ok", "failed", "timeout" or "interrupted"."""
        if self.exit_code is None:
            return "interrupted"
        if self.exit_code in _OUTCOMES:
            return _OUTCOMES[self.exit_code]
        return "interrupted" if self.exit_code > _SIGNALS else "failed"

    def kept(self) -> dict[str, Any]:
        """What a saved trace keeps of this, in values that JSON can hold; `of` reads it again."""
        return {
            "exit_code": self.exit_code,
            "ideal_ns": self.ideal_ns,
            "ideal_more": self.ideal_more,
            "warnings": list(self.warnings),
            "version": self.version,
            "about": list(self.about),
        }

    @classmethod
    def of(cls, trace: Trace) -> Self:
        """What a trace tells of its run. It may come from anywhere: what is not as expected is passed over."""
        from asyncdemo.timeline import cut_off, left_out, not_kept

        meta = trace.meta
        kept = _expected(meta.get("run"), dict, {})
        ideal_ns = _expected(kept.get("ideal_ns"), int, NONE)
        return cls(
            _expected(meta.get("command"), str, "recording"),
            _expected(meta.get("params"), dict, {}),
            environment(trace),
            _expected(meta.get("observer"), str, "none"),
            exit_code=_expected(kept.get("exit_code"), int, None if cut_off(trace) else 0),
            ideal_ns=ideal_ns if ideal_ns >= 0 else None,
            ideal_more=_expected(kept.get("ideal_more"), str, ""),
            warnings=_texts(kept.get("warnings")),
            version=_expected(kept.get("version"), str, ""),
            about=_texts(kept.get("about")),
            left_out=(*left_out(trace), *not_kept(trace)),
        )


def environment(trace: Trace) -> dict[str, Any]:
    """What a trace says of the interpreter, the platform, the clock and the loops that it was recorded on."""
    known = {name: trace.meta[name] for name in ("python", "platform", "clock") if name in trace.meta}
    return {**known, "loops": sorted({trace.text(kind) for kind in trace.loops.kind})}


def _expected(value: Any, kind: type[_T], default: _T) -> _T:
    return value if isinstance(value, kind) else default


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(each for each in _expected(value, list, []) if isinstance(each, str))


_OUTCOMES = {0: "ok", 124: "timeout"}
_SIGNALS = 128


@dataclass(frozen=True, slots=True)
class Format:
    """An export format.

    Attributes:
        name: what `--format` calls it.
        extension: what file names end in, without the dot.
        help: one line.
        export: turns a trace into pieces of text that make up the whole.
    """

    name: str
    extension: str
    help: str
    export: Callable[[Trace, Run], Iterator[str]]


@cache
def formats() -> Mapping[str, Format]:
    """Every format by name, in the order of the names."""
    names = sorted(module.name for module in iter_modules(__path__) if not module.name.startswith("_"))
    return {name: _format(name) for name in names}


def find(name: str) -> Format:
    """The format called `name`.

    Raises:
        AsyncdemoError: there is none (exit code 2).
    """
    if name not in formats():
        raise AsyncdemoError(f"There is no format {name!r}.\nFormats are {', '.join(formats())}.", USAGE)
    return formats()[name]


def for_file(path: str) -> Format:
    """The format that the ending of `path` stands for.

    Raises:
        AsyncdemoError: no format has that ending (exit code 2).
    """
    for each in sorted(formats().values(), key=lambda each: -len(each.extension)):
        if path.lower().endswith(f".{each.extension}"):
            return each
    endings = ", ".join(f".{each.extension}" for each in formats().values())
    raise AsyncdemoError(
        f"The ending of {path!r} names no format.\nEndings are {endings}, and .txt for plain text.", USAGE
    )


def _format(name: str) -> Format:
    module = import_module(f"{__name__}.{name}")
    summary = (module.__doc__ or "").strip().splitlines()[0].rstrip(".")
    return Format(name, module.EXTENSION, summary, module.export)
