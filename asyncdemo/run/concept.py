"""Running a concept: its module's `main`, under a clock, on a loop, in front of a recorder."""

from __future__ import annotations

import importlib
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

from asyncdemo.errors import AsyncdemoError
from asyncdemo.run.clocks import check
from asyncdemo.run.exits import INTERRUPTED, exit_code, terminate_children
from asyncdemo.run.interrupts import Interrupts, no_farewell
from asyncdemo.run.programs import Program, program_of
from asyncdemo.run.result import Result
from asyncdemo.run.tracebacks import text as traceback_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from asyncdemo.recorder import Recorder
    from asyncdemo.recorder.clock import Clock


def run_concept(
    module: str,
    params: Mapping[str, Any],
    *,
    recorder: Recorder,
    clock: Clock,
    loop: str = "asyncio",
    timeout_s: float | None = None,
    farewell: Callable[[int], None] = no_farewell,
    explain: Callable[[BaseException], str | None] = traceback_text,
) -> Result:
    """Runs `await main(**params)` of `module` in a fresh loop and returns when it and its loop have ended.

    Args:
        module: the concept's module, such as `asyncdemo.concepts.sync.semaphore`; it is imported, so that process
            pools find its functions.
        params: keyword arguments for its `main`.
        recorder: not yet started; it is stopped afterwards.
        clock: what makes the loop and tells the time.
        loop: `asyncio` or `uvloop`; a concept of trio has a loop of its own.
        timeout_s: real seconds after which the run is interrupted (exit code 124), or None.
        farewell: called with the exit code when the process has to end at once: a second Ctrl+C, SIGTERM, SIGHUP.
        explain: what to tell of an exception that ends the run.

    Raises:
        AsyncdemoError: the loop is not available here or for the concept (exit code 3), or the clock refused what the
            concept does.
    """
    imported = importlib.import_module(module)
    started = perf_counter_ns()
    with clock.installed():
        program = program_of(imported, params, clock, loop)
        with recorder, Interrupts(_ending_children(farewell), timeout_s, program.interrupt) as interrupts:
            code, error = _outcome(program, interrupts, explain)
    wall_ns = perf_counter_ns() - started
    check(clock)
    return Result(recorder.stop(), interrupts.exit_code(code), wall_ns, error)


def _outcome(
    program: Program, interrupts: Interrupts, explain: Callable[[BaseException], str | None]
) -> tuple[int, str | None]:
    """Exit code, and what there is to tell when something unexpected ended the run."""
    try:
        program.run()
    except SystemExit as request:
        return exit_code(request), None
    except KeyboardInterrupt:
        return INTERRUPTED, None
    except AsyncdemoError:
        raise
    except BaseException as error:  # noqa: BLE001
        asked_for = interrupts.count and program.was_cancelled(error)
        return 1, None if asked_for else explain(error)
    return 0, None


def _ending_children(farewell: Callable[[int], None]) -> Callable[[int], None]:
    """`farewell` that first ends the processes of pools: nobody else would."""

    def end(code: int) -> None:
        terminate_children()
        farewell(code)

    return end
