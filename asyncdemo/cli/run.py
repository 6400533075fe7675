"""`asyncdemo run SCRIPT|-m MODULE [ARGS...]`: the user's own program, exactly as under `python`, with its timeline."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from functools import partial
from typing import Any

from typer.core import TyperArgument, TyperCommand, TyperOption

from asyncdemo.cli import run_options, scoping
from asyncdemo.cli.session import Session
from asyncdemo.run import Children, Module, Result, Script, ScriptRun
from asyncdemo.run.exits import end_process


def command(_arguments: Sequence[str]) -> TyperCommand:
    """The `run` command; whatever follows SCRIPT or MODULE belongs to the program."""
    script = TyperArgument(
        param_decls=["script"], type=str, required=True, metavar="SCRIPT", help="the path of a Python file"
    )
    return TyperCommand(
        "run",
        help="Run a script or a module of your own and show its timeline.",
        callback=_run,
        params=[script, *program_parameters(), *scoping.declared(), *run_options.declared("scale", "seed")],
        context_settings={"allow_interspersed_args": False},
    )


def program_parameters() -> list[TyperArgument | TyperOption]:
    """The program's own arguments, and the flag that says that it is a module."""
    arguments = TyperArgument(
        param_decls=["arguments"], type=str, nargs=-1, required=False, metavar="[ARGS]...", help="its arguments"
    )
    module = TyperOption(
        param_decls=["-m", "module"], is_flag=True, default=False, help="SCRIPT is a module, as with python -m"
    )
    return [arguments, module]


def _run(script: str, arguments: tuple[str, ...] | None, *, module: bool, **given: Any) -> None:
    options = run_options.read(given)
    found = Module(script, arguments or ()) if module else Script.read(script, arguments or ())
    params = {"arguments": list(found.arguments)} if found.arguments else {}
    scope = scoping.read(given, options.clock)
    session = Session(options, found.title, params, about=(shlex.join(found.arguments),), script=True, scope=scope)
    children = Children(
        session.recorder,
        wanted=not given["run_no_children"] and session.keeps and options.clock == "real",
        leaving=partial(session.farewell, flush=False),
    )
    session.joined = children.joined
    run = ScriptRun(
        found,
        recorder=session.recorder,
        clock=session.clock,
        loop=options.loop,
        timeout_s=options.timeout,
        farewell=session.farewell,
        keeps_error=session.holds_output,
        children=children,
    )
    session.begin()
    run.exit_process(partial(_conclude, session))


def _conclude(session: Session, result: Result) -> None:
    """Shows and saves the whole; where that fails the process says so with its exit code."""
    code = session.conclude(result)
    if code != result.exit_code:
        end_process(code)
