"""The runs of a bench: timed, recorded, weighed."""

from __future__ import annotations

import gc
import random
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial

from asyncdemo import compare
from asyncdemo.addresses import Mask
from asyncdemo.cli.measuring.contender import ConceptContender, Contender
from asyncdemo.cli.run_options import RunOptions
from asyncdemo.errors import AsyncdemoError
from asyncdemo.recorder import RealClock, VirtualClock
from asyncdemo.run import Measurement, Result, peak_memory
from asyncdemo.run.exits import is_interrupt
from asyncdemo.servers.base.reasons import leaves
from asyncdemo.timeline import summary


class Runs:
    """Runs contenders.

    Args:
        contenders: what there is to run.
        options: the run options.
    """

    def __init__(self, contenders: Sequence[Contender], options: RunOptions) -> None:
        self._contenders = list(contenders)
        self._options = options
        self._index = {id(each.cell): index for index, each in enumerate(contenders)}

    @contextmanager
    def served(self) -> Iterator[None]:
        """Gives each that needs one a server, for all of its runs, which is gone afterwards."""
        before = list(self._contenders)
        with ExitStack() as stack:
            for index, each in enumerate(before):
                if isinstance(each, ConceptContender):
                    self._contenders[index] = stack.enter_context(each.served())
            yield
        self._contenders = before

    def timed(self, cell: compare.Cell) -> Measurement:
        """How long one run of a cell takes.

        Raises:
            AsyncdemoError: it failed.
        """
        random.seed(self._options.seed)
        contender = self._contenders[self._index[id(cell)]]
        with _naming(contender):
            return contender.measured(self._clock())

    def picture(self, cell: compare.Cell) -> compare.Picture:
        """One more run of a cell, recorded.

        Raises:
            AsyncdemoError: it failed.
        """
        result = self._recorded(cell)
        return compare.Picture(result.trace, self._wall_ns(result))

    def watched(self, cell: compare.Cell) -> compare.Watched:
        """What two more runs of a cell tell: one under the recorder, one with every allocation traced.

        Raises:
            AsyncdemoError: one failed.
        """
        result = self._recorded(cell)
        figures = summary(result.trace)
        return compare.Watched(
            wall_ns=self._wall_ns(result),
            steps=figures.steps,
            peak_tasks=figures.peak_tasks,
            loop_late_p50_ns=figures.loop_late_p50_ns,
            loop_late_p99_ns=figures.loop_late_p99_ns,
            peak_memory_bytes=peak_memory(partial(self.timed, cell)),
        )

    def _recorded(self, cell: compare.Cell) -> Result:
        contender = self._contenders[self._index[id(cell)]]
        result = contender.recorded(self._clock(), self._options.seed)
        if result.exit_code:
            last = (result.error or "").strip().rpartition("\n")[2]
            raise AsyncdemoError(
                f"{cell.subject} ended with exit code {result.exit_code}.\n{last}".strip(), result.exit_code
            )
        return result

    def _wall_ns(self, result: Result) -> int:
        return result.trace.duration_ns if self._options.clock == "virtual" else result.wall_ns

    def _clock(self) -> RealClock | VirtualClock:
        return VirtualClock() if self._options.clock == "virtual" else RealClock()


@contextmanager
def _naming(contender: Contender) -> Iterator[None]:
    """Tells whose run it was that failed."""
    why = ""
    try:
        yield
    except (AsyncdemoError, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        if is_interrupt(error):
            raise KeyboardInterrupt from error
        leaf = next(leaves(error))
        why = (contender.mask or Mask())(f"{type(leaf).__name__}: {leaf}".removesuffix(": "))
    if why:
        # What else of the run failed goes now, while asyncio is kept from telling of it at length.
        gc.collect()
        raise AsyncdemoError(f"{contender.cell.subject} failed: {why}")
