"""The list of commands: names and help at once, the rest of a command when it is asked for."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from asyncdemo import __version__, catalog
from asyncdemo.errors import USAGE, AsyncdemoError

COMMANDS = {
    "list": "List the concepts.",
    "show": "Explain a concept and show its source.",
    "tour": "Walk through the guide, concept by concept.",
    "compare": "Run several concepts or variants and say which is faster.",
    "bench": "Measure concepts and sweeps of their parameters, for people and scripts.",
    "run": "Run a script of your own and show its timeline.",
    "replay": "Show a recording that --save wrote.",
    "diff": "Say what changed between two recordings of a program.",
    "export": "Write a saved recording as a page, a Perfetto trace, SVG, CSV or JSON.",
    "check": "Run a program of your own and say what went wrong, and on which line.",
    "explain": "Explain what a rule of `check` finds.",
    "servers": "List the servers of the library concepts, and ask one whether it answers.",
}
"""The commands that are no concepts, in the order of `--help`. Each lives in a module of its own name."""


class LazyGroup(TyperGroup):
    """A group of stubs; the one that is invoked is replaced by the real command."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """The name, the command and the arguments that are left for it."""
        if args[0] not in self.commands:
            raise _unknown(args[0])
        name, _, rest = super().resolve_command(ctx, args)
        command = _command(args[0], rest)
        # The command only parses; what it has to do is done once Typer has returned: see `main.run`.
        command.callback = partial(_deferred, command.callback)
        return name, command, rest


def group() -> LazyGroup:
    """The `asyncdemo` command."""
    stubs = [TyperCommand(name, help=text, rich_help_panel="Commands") for name, text in COMMANDS.items()]
    titles = dict(catalog.chapters())
    stubs += (
        TyperCommand(each.name, help=each.summary, rich_help_panel=titles[each.chapter]) for each in catalog.concepts()
    )
    version = TyperOption(
        param_decls=["--version", "-V"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_version,
        help="Print the version and exit.",
    )
    return LazyGroup(
        name="asyncdemo",
        help="See asyncio happen: every concept is a command, and `run` looks at programs of your own.",
        commands={stub.name: stub for stub in stubs if stub.name},
        params=[version],
    )


def _command(name: str, arguments: list[str]) -> TyperCommand:
    if name in COMMANDS:
        command: TyperCommand = import_module(f"asyncdemo.cli.{name}").command(arguments)
        return command
    from asyncdemo.cli import concept

    return concept.command(name)


def _deferred(callback: Any, *arguments: Any, **given: Any) -> Any:
    return partial(callback, *arguments, **given)


def _unknown(name: str) -> AsyncdemoError:
    near = catalog.near(name, COMMANDS)
    question = f"; did you mean {near!r}?" if near else "."
    return AsyncdemoError(f"There is no concept or command {name!r}{question}\n`asyncdemo list` shows them.", USAGE)


def _version(_context: Any, _option: Any, wanted: bool) -> None:
    if wanted:
        print(f"asyncdemo {__version__}")
        raise typer.Exit
