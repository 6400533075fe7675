"""A concept and its options, as its file states them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from asyncdemo.catalog import formula, wording

Value = int | float | bool | str | None
Kind = Literal["int", "float", "bool", "choice", "url", "work"]
RealOnly = Literal["threads", "processes", "sockets", "signals"]
Platform = Literal["Unix"]


@dataclass(frozen=True, slots=True)
class Option:
    """One keyword parameter of a concept's `main`.

    Attributes:
        name: the parameter's name, such as `cancel_during`.
        type: the parameter's type; a `bool` is a flag, off by default, a `choice` is one of `choices`, a
            `url` the address of a server, a `work` the one of `choices` that each job does.
        default: of that type, or None: the concept then decides by itself and says how in its text.
        help: one phrase, bounds included, such as "seconds that each one holds it, at least 0".
        minimum: the smallest value allowed, in seconds for a duration; None for a flag or a choice.
        maximum: the largest value allowed; None when there is no limit.
        unit: "seconds" for a duration; None otherwise.
        choices: the words that a choice or a work accepts.
        needs: what only this option uses that does not obey a virtual clock, or None.
        extra: the one of `choices` that uses a library which does not come with asyncdemo, and the extra that brings
            it, or None.
    """

    name: str
    type: Kind
    default: Value
    help: str
    minimum: float | None = None
    maximum: float | None = None
    unit: Literal["seconds"] | None = None
    choices: tuple[str, ...] = ()
    needs: RealOnly | None = None
    extra: tuple[str, str] | None = None

    @property
    def scales(self) -> bool:
        """Whether `--scale` multiplies it: a duration, but none that is the same "at any scale", as its help says.

        That is how long a server may take that others are busy with as well.
        """
        return self.unit == "seconds" and "at any scale" not in self.help


@dataclass(frozen=True, slots=True)
class Work:
    """What the jobs of a way can do instead of sleeping.

    Attributes:
        name: what `--work` calls it, such as `http`.
        summary: one sentence.
        source: its file's text.
        module: the dotted name to import it by.
        waits: whether it takes the way's delay; if not, it takes real time all the same.
        url: the option for the address of its server, which has the work's name; None when it needs none.
    """

    name: str
    summary: str
    source: str
    module: str
    waits: bool
    url: Option | None


@dataclass(frozen=True, slots=True)
class Concept:
    """Everything that a concept's file says about itself.

    Attributes:
        name: its command, such as `priority-queue`.
        chapter: its chapter's folder.
        summary: one sentence.
        prose: the explanation: paragraphs without line breaks, an empty line between them.
        watch: what to look at in the timeline.
        guide: number and heading of the guide's section.
        corrections: what the guide gets wrong, a text each.
        also: what a reader may type instead of its name.
        examples: command lines that show it, without the prompt.
        ideal: formula over the parameters for its ideal time in seconds, or None.
        ideal_more: what takes time on top of that and no formula knows, "" for nothing.
        options: the parameters of its `main`, in order.
        source: the file's text.
        path: the file.
        module: the dotted name to import it by.
        real_only: what it always uses that does not obey a virtual clock, or None.
        library: the package that it is about and that does not come with Python, or None.
        extra: the extra of asyncdemo that brings the library, or None when it comes with asyncdemo.
        optional: a package that does not come with Python and that only one of its options uses, or None.
        server: the server that it talks to, by its name in `servers/`, or None.
        platform: the only one on which it runs, or None.
        works: what its jobs can do instead of sleeping, when it is a way of doing jobs; otherwise nothing.
    """

    name: str
    chapter: str
    summary: str
    prose: str
    watch: str
    guide: str
    corrections: tuple[str, ...]
    also: tuple[str, ...]
    examples: tuple[str, ...]
    ideal: str | None
    ideal_more: str
    options: tuple[Option, ...]
    source: str
    path: Path
    module: str
    real_only: RealOnly | None
    library: str | None
    extra: str | None
    server: str | None
    platform: Platform | None
    works: tuple[Work, ...] = ()
    optional: str | None = None

    def defaults(self) -> dict[str, Value]:
        """The default of every option, by name."""
        return {each.name: each.default for each in self.options}

    def ideal_s(self, params: Mapping[str, Any]) -> float | None:
        """The ideal time in seconds with `params`, defaults for those left out, or None when it has none."""
        return formula.value(self.ideal, {**self.defaults(), **params}) if self.ideal else None

    def ideal_in_words(self) -> str | None:
        """What the ideal time is made of, options named as one types them, or None when it has none."""
        if self.ideal is None:
            return None
        return f"{wording.words(self.ideal)}{f', and {self.ideal_more}' if self.ideal_more else ''}"

    def extra_option(self, params: Mapping[str, Any]) -> Option | None:
        """The option that `params` gave a value for which the optional library is needed, if there is one."""
        return next((each for each in self.options if each.extra and params.get(each.name) == each.extra[0]), None)

    def real_option(self, params: Mapping[str, Any]) -> Option | None:
        """The option that `params` put to use and that does not obey a virtual clock, if there is one."""
        return next((each for each in self.options if each.needs and params.get(each.name, each.default)), None)

    def work(self, params: Mapping[str, Any]) -> Work | None:
        """What its jobs do with `params` instead of sleeping, or None when they sleep or it is no way of doing jobs."""
        return next((each for each in self.works if each.name == params.get("work")), None)

    def idle(self, params: Mapping[str, Any]) -> set[str]:
        """The names of the options for which the work in `params` has no use."""
        work = self.work(params)
        delays = {each.name for each in self.options if work and not work.waits and each.unit == "seconds"}
        return delays | ({"url"} if self.works and not (work and work.url) else set())

    def server_for(self, params: Mapping[str, Any]) -> str | None:
        """The server that it talks to with `params`, by its name in `servers/`, or None."""
        work = self.work(params)
        return work.name if work and work.url else self.server
