"""One run as the user sees it: what is recorded, shown and saved, however the run ends."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from asyncdemo import __version__
from asyncdemo.cli.presenters import Presenter, chosen_format, presenter
from asyncdemo.cli.run_options import RunOptions
from asyncdemo.errors import AsyncdemoError
from asyncdemo.exporters import Run, environment
from asyncdemo.recorder import RealClock, Recorder, VirtualClock
from asyncdemo.recorder.scope import WHOLE, Scope
from asyncdemo.run import Result
from asyncdemo.timeline import left_out, not_kept
from asyncdemo.trace import Trace


class Session:
    """A recorder, a clock and a presenter for one run.

    Args:
        options: the run options.
        command: the concept's or the script's name.
        params: what it runs with, in values that JSON can hold.
        ideal_s: how many seconds it takes at best, or None.
        ideal_more: what comes on top of that and cannot be computed, or "".
        about: what the title of a picture says of `params`, the most telling first.
        watch: what to look at while it runs, or "".
        script: whether it is a script of the user's own.
        mask: hides in a text what must be neither shown nor saved, or None.
        shown_by: what shows the run, in place of what `options` ask for.
        on_hang: told that the program can never go on; the recording then looks more closely, see `Recorder`.
        scope: what is recorded.

    Raises:
        AsyncdemoError: a file cannot be written, or format, clock and loop cannot be had (exit code 2 or 3).

    Attributes:
        keeps: whether the recording is wanted in the end, to be shown or saved.
        joined: joins what child processes recorded to the recording of this one.
    """

    def __init__(
        self,
        options: RunOptions,
        command: str,
        params: Mapping[str, Any],
        *,
        ideal_s: float | None = None,
        ideal_more: str = "",
        about: tuple[str, ...] = (),
        watch: str = "",
        script: bool = False,
        mask: Callable[[str], str] | None = None,
        shown_by: Presenter | None = None,
        on_hang: Callable[[], object] | None = None,
        scope: Scope = WHOLE,
    ) -> None:
        check_files(options)
        self._options = options
        ideal_ns = None if ideal_s is None else round(ideal_s * 1e9)
        self._run = Run(
            command,
            params,
            ideal_ns=ideal_ns,
            ideal_more=ideal_more,
            version=__version__,
            about=about,
            watch=watch,
        )
        format_ = "" if shown_by else chosen_format(options, script=script)
        self._presenter = shown_by or presenter(format_, options)
        self._settled = False
        self.joined: Callable[[Trace], Trace] = _alone
        self.keeps = format_ != "quiet" or bool(options.save)
        self._fault: str | None = None
        self.clock = VirtualClock() if options.clock == "virtual" else RealClock()
        if options.loop == "uvloop":
            self.clock.new_event_loop("uvloop").close()
        kept = {"run": replace(self._run, exit_code=None).kept()} if options.save else {}
        self.recorder = Recorder(
            clock=self.clock,
            hold_output=self._presenter.holds_output,
            wanted=self.keeps,
            scope=scope,
            meta={"command": command, "params": dict(params), "observer": self._presenter.observer, **kept},
            mask=mask,
            closely=on_hang is not None,
            on_hang=on_hang,
            saved_to=options.save,
        )

    @property
    def holds_output(self) -> bool:
        """Whether what the program prints does not reach the terminal while it runs."""
        return self._presenter.holds_output

    def begin(self) -> None:
        """Shows from now on what is recorded."""
        self._presenter.start(self.recorder, self._described(Trace(meta=self.recorder.meta), 0))

    def conclude(self, result: Result) -> int:
        """Restores the terminal, saves and shows the whole; returns the exit code of the process.

        That is 1 where only saving failed, which is told.
        """
        trace = result.trace
        self._settle(self.recorder.stop())
        said = (self._fault, self.recorder.fault, self.recorder.saver.fault, self._unfollowed(trace))
        warnings = tuple(filter(None, said))
        for warning in warnings:
            print(f"asyncdemo: {warning}", file=sys.stderr)
        sys.stderr.write(result.error or "")
        run = self._described(trace, result.exit_code, warnings)
        is_kept = self._keep(replace(trace, meta={**trace.meta, "run": run.kept()}))
        self._presenter.conclude(trace, run)
        return result.exit_code or int(not is_kept)

    def _keep(self, trace: Trace) -> bool:
        """Saves the whole if that is asked for, and says so when it cannot be."""
        if not self._options.save:
            return True
        from asyncdemo import tracefile

        try:
            tracefile.save(trace, self._options.save, force=self._options.force, partial=self.recorder.saver.path)
        except AsyncdemoError as error:
            print(f"asyncdemo: {error.message}", file=sys.stderr)
            return False
        return True

    def _unfollowed(self, trace: Trace) -> str | None:
        """What is not among the events of a format that is written while the program runs."""
        others = len(trace.processes) - 1
        if others < 1 or self._presenter.observer not in {"plain", "ndjson"}:
            return None
        processes = "a child process" if others == 1 else f"{others} child processes"
        return f"what happened in {processes} is not among the events."

    def farewell(self, code: int, *, flush: bool = True) -> None:
        """Shows what there is, for the process is about to end; called inside whatever the program was doing.

        Without `flush` what the program has printed and Python has not written out yet is left to its fate.
        """
        if self._settled:
            return
        trace = Trace()
        try:
            trace = self.recorder.stop()
        finally:
            self._settle(trace, flush=flush)
        self.conclude(Result(self.joined(trace), code, 0))

    def _settle(self, trace: Trace, *, flush: bool = True) -> None:
        """Ends the showing and restores the terminal, before anything else can go wrong."""
        if self._settled:
            return
        self._settled = True
        self._fault = self._presenter.stop(trace)
        for stream in (sys.stdout, sys.stderr) if flush else ():
            with suppress(AttributeError, ValueError):  # the program may have closed it, or taken it away
                stream.flush()

    def _described(self, trace: Trace, code: int, warnings: tuple[str, ...] = ()) -> Run:
        """The run as exporters describe it."""
        return replace(
            self._run,
            env={"clock": self.clock.name} | environment(trace),
            observer=self._presenter.observer,
            exit_code=code,
            warnings=warnings,
            left_out=(*left_out(trace), *not_kept(trace)),
        )


def _alone(trace: Trace) -> Trace:
    """There are no child processes."""
    return trace


def check_files(options: RunOptions) -> None:
    """Does nothing when the files that `options` name can be written.

    Raises:
        AsyncdemoError: one cannot, or is there already (exit code 2).
    """
    for path in filter(None, (options.save, options.output)):
        from asyncdemo.files import check_writable

        check_writable(path, force=options.force)
