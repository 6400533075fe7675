"""Subjects: what a comparison compares, written `NAME[:option=value,...][@loop]`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from asyncdemo.addresses import HIDDEN, Mask, masked
from asyncdemo.errors import USAGE, AsyncdemoError

LOOPS = ("asyncio", "uvloop")
_ADDRESS = "url="
"""What the address of a server follows."""
_FORM = "write NAME[:option=value,...][@loop], for example semaphore:limit=5@uvloop"


@dataclass(frozen=True)
class Subject:
    """One way of doing the work.

    Attributes:
        name: the concept's name.
        options: the options given with it, as they were written.
        loop: "asyncio", "uvloop", or None when none was given.
    """

    name: str
    options: Mapping[str, str] = field(default_factory=dict)
    loop: str | None = None

    def __str__(self) -> str:
        """The subject in the form that `parse` reads, but for the password of an address in it."""
        options = ",".join(f"{option}={value}" for option, value in self.shown.items())
        return f"{self.name}{options and ':'}{options}{f'@{self.loop}' if self.loop else ''}"

    @property
    def shown(self) -> dict[str, str]:
        """The options without the password of an address among them."""
        return {option: masked(value) for option, value in self.options.items()}

    @property
    def is_script(self) -> bool:
        """Whether it is a script of the user's own, and its name a path."""
        return self.name.endswith(".py")

    @property
    def short_name(self) -> str:
        """The name for people: of a script's path the last folder and the file."""
        return "/".join(self.name.replace("\\", "/").split("/")[-2:]) if self.is_script else self.name

    @property
    def title(self) -> str:
        """The subject for people: `semaphore limit 5 @uvloop`."""
        options = [f"{option} {value}" for option, value in self.shown.items()]
        return " ".join([self.short_name, *options, *([f"@{self.loop}"] if self.loop else [])])


def parse(text: str) -> Subject:
    """The subject that `text` stands for; whether the concept and its options exist is not looked at.

    Raises:
        AsyncdemoError: `text` is no subject, or names a loop that there is not (exit code 2).
    """
    work, at, loop = _split(text)
    shown = _shown(text)
    name, colon, options = work.partition(":")
    if not name.strip():
        raise AsyncdemoError(f"The subject {shown!r} has no name.\n{_FORM}.", USAGE)
    if at and loop not in LOOPS:
        raise AsyncdemoError(f"The subject {shown!r} names the loop {loop!r}.\nLoops are {' and '.join(LOOPS)}.", USAGE)
    return Subject(name.strip(), _options(text, options) if colon else {}, loop or None)


def _shown(text: str) -> str:
    """A subject, or what was taken for one, without the password of an address in it."""
    before, option, url = text.partition(_ADDRESS)
    return Mask()(f"{before}{option}{masked(url)}")


def _split(text: str) -> tuple[str, str, str]:
    """What runs, and the loop; in the address of a server an `@` stands for something else."""
    if _ADDRESS not in text:
        return text.partition("@")
    work, at, loop = text.rpartition("@")
    return (work, at, loop) if loop in LOOPS else (text, "", "")


def _options(subject: str, text: str) -> dict[str, str]:
    options: dict[str, str] = {}
    hides = _ADDRESS in subject and "@" in subject
    subject = _shown(subject)
    for part in text.split(","):
        option, equals, value = (piece.strip() for piece in part.partition("="))
        option = option.removeprefix("--").replace("-", "_")
        if not (equals and option and value):
            shown = HIDDEN if hides else part
            raise AsyncdemoError(f"The subject {subject!r} has {shown!r} where an option belongs.\n{_FORM}.", USAGE)
        if option in options:
            raise AsyncdemoError(f"The subject {subject!r} gives {option!r} twice.\nGive each option once.", USAGE)
        options[option] = value
    return options
