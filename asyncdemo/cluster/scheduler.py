"""The client's side of a cluster: connecting to a scheduler or starting a cluster here, and spreading work over it."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import tempfile
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager
from importlib import util
from time import monotonic
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from asyncdemo.cluster import worker
from asyncdemo.errors import UNAVAILABLE, AsyncdemoError

LOCAL = "local"
"""The address of a cluster that is started for this, as `local:3` with three workers."""
_LOOK_S = 1.0


class Task(NamedTuple):
    """A piece of work."""

    name: str
    """What to call it when it fails."""
    arguments: Sequence[str]
    """What follows `python` on the command line."""
    text: str
    """A line for its stdin."""


def check_installed() -> None:
    """Does nothing when dask.distributed is there; imports nothing.

    Raises:
        AsyncdemoError: it is not (exit code 3).
    """
    if util.find_spec("distributed") is None:
        raise AsyncdemoError(
            "--cluster needs dask.distributed, which is not installed.\npip install 'asyncdemo[cluster]'", UNAVAILABLE
        )


class Cluster:
    """A cluster that answers.

    Args:
        client: dask's client.
        patience_s: seconds to wait for a worker when there is none.

    Attributes:
        workers: how many workers there were at the beginning.
        machines: on how many machines.
    """

    def __init__(self, client: Any, patience_s: float) -> None:
        self._client = client
        self._patience_s = patience_s
        addresses = list(client.nthreads())
        self.workers = len(addresses)
        self.machines = len({each.rpartition(":")[0] for each in addresses})

    def results(self, tasks: Sequence[Task]) -> Iterator[tuple[int, str]]:
        """Runs every task on some worker, at most one at a time on each; one whose worker dies is run again on another.

        Yields:
            The index of each task, in the order in which they end, and what it printed.

        Raises:
            AsyncdemoError: a task failed, several workers died of one, or there are no workers any more.
        """
        waiting, flying = deque(enumerate(tasks)), dict[Any, int]()
        alone_since_s = None
        try:
            while waiting or flying:
                free = len(self._client.nthreads()) - len(flying)
                for index, task in [waiting.popleft() for _ in range(min(max(free, 0), len(waiting)))]:
                    flying[self._client.submit(worker.run_alone, task.arguments, task.text, pure=False)] = index
                for future in self._ended(flying):
                    index = flying.pop(future)
                    yield index, _answer(tasks[index], future)
                alone_since_s = self._check_workers(alone_since_s)
        finally:
            self._client.cancel(list(flying))

    def _ended(self, flying: dict[Any, int]) -> list[Any]:
        """Those that have ended, after a second at most."""
        from distributed import wait

        try:
            return list(wait(list(flying), timeout=_LOOK_S, return_when="FIRST_COMPLETED").done)
        except TimeoutError:
            return []
        except CancelledError:
            raise AsyncdemoError("The cluster's scheduler is gone.\nWhat was measured until then is kept.") from None

    def _check_workers(self, alone_since_s: float | None) -> float | None:
        """Since when there has been no worker, or None while there are some."""
        if self._client.nthreads():
            return None
        alone_since_s = alone_since_s or monotonic()
        if monotonic() - alone_since_s > self._patience_s:
            raise AsyncdemoError("The cluster has no workers any more.\nWhat was measured until then is kept.")
        return alone_since_s


def _answer(task: Task, future: Any) -> str:
    from distributed import KilledWorker

    error = future.exception()
    if isinstance(error, KilledWorker):
        raise AsyncdemoError(f"{task.name}: {error.allowed_failures + 1} workers died while they measured it.")
    if error is not None:
        raise AsyncdemoError(f"{task.name}: its worker failed: {type(error).__name__}")
    code, answer, said = future.result()
    if code:
        how = f"ended with exit code {code}" if code > 0 else f"was ended by signal {-code}"
        last = said.strip().rpartition("\n")[2]
        raise AsyncdemoError(f"{task.name}: the process that measured it {how}.\n{last}".strip())
    return str(answer)


@contextmanager
def opened(address: str, version: str, patience_s: float) -> Iterator[Cluster]:
    """A connection to a cluster.

    Args:
        address: that of a scheduler, or `local`, or `local:N` for one with N workers that is started for this.
        version: asyncdemo's, which its workers must have.
        patience_s: seconds after which a scheduler is taken for unreachable.

    Raises:
        AsyncdemoError: dask is not installed, nobody answers there, or its workers cannot do the work (exit code 3).
    """
    check_installed()
    with ExitStack() as stack:
        client = stack.enter_context(_local(address) if _is_local(address) else _remote(address, patience_s))
        _check_workers(address, client, version, patience_s)
        with client.as_current():
            yield Cluster(client, patience_s)


def _is_local(address: str) -> bool:
    return address.partition(":")[0] == LOCAL


@contextmanager
def _local(address: str) -> Iterator[Any]:
    import dask
    import distributed

    _silence()
    number = int(address.partition(":")[2] or 0) or _usual_workers()
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        dask.config.set(temporary_directory=folder),
        distributed.LocalCluster(
            n_workers=number,
            threads_per_worker=1,
            dashboard_address=":0",
            silence_logs=logging.CRITICAL,
            preload=worker.__name__,
        ) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        yield client


def _usual_workers() -> int:
    """One CPU is left for the scheduler and this process where there are three or more."""
    cpus = os.cpu_count() or 1
    return min(cpus, max(2, cpus - 1))


@contextmanager
def _remote(address: str, patience_s: float) -> Iterator[Any]:
    import distributed

    _silence()
    try:
        _ask(address, patience_s)
        client = distributed.Client(address, timeout=patience_s, set_as_default=False)
    except OSError as error:
        reason = (error.strerror or "it does not answer in time").lower()
        raise AsyncdemoError(
            f"--cluster {address}: no scheduler there: {reason}.\nStart one (dask scheduler), or use --cluster local.",
            UNAVAILABLE,
        ) from None
    with client:
        yield client


def _ask(address: str, patience_s: float) -> None:
    """Finds out why nobody answers there, which dask's client does not tell, trying again and again.

    Raises:
        OSError: nobody does; `TimeoutError` when somebody does who is no scheduler.
    """
    from distributed.comm.core import connect

    parts = urlsplit(address)
    socket.create_connection((parts.hostname or "", parts.port or 0), timeout=patience_s).close()

    async def shake_hands() -> None:
        async with asyncio.timeout(patience_s):
            (await connect(address, timeout=patience_s)).abort()

    try:
        asyncio.run(shake_hands())
    except Exception as error:
        raise TimeoutError from error


def _check_workers(address: str, client: Any, version: str, patience_s: float) -> None:
    try:
        client.wait_for_workers(1, timeout=patience_s)
    except TimeoutError:
        raise AsyncdemoError(
            f"--cluster {address}: the scheduler has no workers.\nStart one there: dask worker {address}", UNAVAILABLE
        ) from None
    found = client.get_versions(packages=["asyncdemo"])["workers"].values()
    others = sorted({str(each["packages"].get("asyncdemo") or "none") for each in found} - {version})
    if others:
        raise AsyncdemoError(
            f"--cluster {address}: its workers need asyncdemo {version}, and there is {', '.join(others)}.\n"
            f"On each: pip install 'asyncdemo[cluster]=={version}'",
            UNAVAILABLE,
        )


def _silence() -> None:
    """What dask has to say of workers that come and go is no result."""
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] in {"distributed", "tornado"}:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
