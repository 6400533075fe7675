"""The whole command line as one function, and the one place that prints an error."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

import typer

from asyncdemo.addresses import Mask
from asyncdemo.cli.group import group
from asyncdemo.errors import USAGE, AsyncdemoError

INTERRUPTED = 130
_STDOUT_CLOSED = 141
_UsageError: type[Exception] = typer.BadParameter.__mro__[1]
"""What Typer raises about a command line; it has no public name."""


def run(arguments: Sequence[str]) -> int:
    """Does what `arguments` say and returns the exit code, 0 to 255; without any, lists the concepts."""
    try:
        action = group().main(list(arguments or ["list"]), prog_name="asyncdemo", standalone_mode=False)
        # Not called by Typer, which would put its own frames and its own handling of errors around the program.
        code = action() if callable(action) else action
        sys.stdout.flush()
    except BrokenPipeError:
        return _nobody_reads()
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last resort
        return _tell(error, arguments)
    return code or 0


def _tell(error: Exception, arguments: Sequence[str]) -> int:
    message, code = _explain(error, arguments)
    print(f"asyncdemo: {Mask()(message)}", file=sys.stderr)
    return code


def _explain(error: Exception, arguments: Sequence[str]) -> tuple[str, int]:
    if isinstance(error, AsyncdemoError):
        return error.message, error.exit_code
    if isinstance(error, _UsageError):
        command = [each for each in arguments[:1] if not each.startswith("-")]
        return f"{_sentence(error)}\nSee: {' '.join(['asyncdemo', *command, '--help'])}", USAGE
    if {"-v", "--verbose"} & set(arguments):
        traceback.print_exception(error)
    kind = type(error).__name__
    return f"A fault of asyncdemo's own: {kind}: {error}\nPlease report it, with what -v adds to the command.", 1


def _sentence(error: Any) -> str:
    """What is wrong with a command line, in the words of the other errors."""
    name = getattr(error, "option_name", None)
    if name is None:
        return str(error.format_message())
    if not hasattr(error, "possibilities"):
        return f"{name} needs a value." if "requires" in error.message else str(error.message)
    near = get_close_matches(name, error.possibilities or (), 1)
    return f"There is no option {name}" + (f"; did you mean {near[0]}?" if near else ".")


def _nobody_reads() -> int:
    """Whoever read stdout is gone: ends quietly, also when the interpreter flushes it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return _STDOUT_CLOSED
