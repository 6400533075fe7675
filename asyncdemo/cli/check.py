"""`asyncdemo check SCRIPT|TRACE|-m MODULE [ARGS...]`: runs a program and says what went wrong in it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from typer.core import TyperArgument, TyperCommand, TyperOption

from asyncdemo import tracefile
from asyncdemo.cli import run_options
from asyncdemo.cli.presenters.verdict import TEXT, Verdict, project_folder
from asyncdemo.cli.run import program_parameters
from asyncdemo.cli.run_options import RunOptions
from asyncdemo.cli.session import Session, check_files
from asyncdemo.cli.values import choice
from asyncdemo.errors import USAGE, AsyncdemoError
from asyncdemo.exporters import Run
from asyncdemo.findings import formats, selection
from asyncdemo.run import Module, Result, Script, ScriptRun
from asyncdemo.run.exits import end_process
from asyncdemo.timeline import cut_off, not_kept
from asyncdemo.whatif import GRAMMAR, parse

WITHOUT = ("scale", "seed", "format", "view", "fps", "json", "quiet", "live", "critical")
PANEL = "Findings"
_WHAT_IF = (
    f"predict the time with something changed: {', '.join(form for form, _ in GRAMMAR)}; may be given several times"
)


def command(_arguments: Sequence[str]) -> TyperCommand:
    """The `check` command; whatever follows SCRIPT or MODULE belongs to the program."""
    program = TyperArgument(
        param_decls=["program"],
        type=str,
        required=True,
        metavar="SCRIPT|TRACE",
        help="the path of a Python file, or of a recording that --save wrote",
    )
    return TyperCommand(
        "check",
        help="Run a program of your own and say what went wrong, on which line, with the evidence.",
        callback=_check,
        params=[program, *program_parameters(), *_options(), *run_options.declared(*WITHOUT)],
        context_settings={"allow_interspersed_args": False},
    )


def _options() -> list[TyperOption]:
    names = "|".join((TEXT, *formats.names()))
    declared = (
        (["--fail-on", "fail_on"], True, "RULE|SEVERITY", "what makes the exit code 1: a rule, a severity, or never"),
        (["--ignore", "ignore"], True, "RULE", "a rule that is not applied; may be given several times"),
        (["--what-if", "what_if"], True, "CHANGE", _WHAT_IF),
        (["--format", "-f", "findings_format"], False, names, "how findings are written"),
    )
    return [
        TyperOption(param_decls=names_, type=str, multiple=multiple, metavar=metavar, help=help_, rich_help_panel=PANEL)
        for names_, multiple, metavar, help_ in declared
    ]


def _check(
    program: str,
    arguments: tuple[str, ...] | None,
    *,
    module: bool,
    fail_on: Sequence[str],
    ignore: Sequence[str],
    what_if: Sequence[str],
    findings_format: str | None,
    **given: Any,
) -> int | None:
    options = run_options.read(given)
    format_ = choice(TEXT, *formats.names()).read("--format", findings_format or TEXT)
    chosen = selection(fail_on or (), ignore or (), project_folder(program))
    check_files(options)
    changes = tuple(what_if or ())
    for change in changes:
        parse(change)
    if not module and tracefile.is_trace(program):
        if arguments:
            given_after = " ".join(arguments)
            raise AsyncdemoError(
                f"{program} is a recording, which takes no arguments: put {given_after} before it", USAGE
            )
        trace = tracefile.load(program)
        if cut_off(trace):
            print(f"asyncdemo: {program} was {not_kept(trace)[0]}: what came later is not known.", file=sys.stderr)
        verdict = Verdict(options, chosen, format_, changes)
        verdict.conclude(trace, replace(Run.of(trace), exit_code=0))
        return verdict.exit_code(0)
    found = Module(program, arguments or ()) if module else Script.read(program, arguments or ())
    return _Checked(found, options, Verdict(options, chosen, format_, changes)).run()


class _Checked:
    """A program that is run to be checked."""

    def __init__(self, program: Module | Script, options: RunOptions, verdict: Verdict) -> None:
        self._verdict = verdict
        self._session = Session(
            options,
            program.title,
            {"arguments": list(program.arguments)} if program.arguments else {},
            script=True,
            shown_by=verdict,
            on_hang=self._hangs,
        )
        self._run = ScriptRun(
            program,
            recorder=self._session.recorder,
            clock=self._session.clock,
            loop=options.loop,
            timeout_s=options.timeout,
            farewell=self._session.farewell,
            keeps_error=True,
        )

    def run(self) -> int:
        """Runs the program and leaves the interpreter."""
        self._session.begin()
        try:
            self._run.exit_process(self._conclude)
        except AsyncdemoError:
            if not self._session.recorder.hangs:
                raise
            sys.exit(1)  # the clock's error says what the findings say with more words

    def _hangs(self) -> None:
        """The program can never go on: it is ended."""
        self._run.give_up()

    def _conclude(self, result: Result) -> None:
        # How a program is ended that hangs is no error of its own.
        told = replace(result, error=None) if self._session.recorder.hangs else result
        code = self._verdict.exit_code(self._session.conclude(told))
        if code != result.exit_code:
            end_process(code)
