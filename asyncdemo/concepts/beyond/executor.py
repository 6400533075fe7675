"""Blocking calls on threads, computations on processes.

A blocking call on the loop stops every task; `run_in_executor` hands it to a pool and gives back something to await.
Threads suit calls that wait. Computations go to processes: these start afresh ("spawn"), import this file, and need the
guard at its end. `--pool dask` starts a cluster in their place, whose client can be awaited without an executor.

Watch: The main task waits, first for three threads, then for two processes; each has a lane of its own.
Guide: 2.7 Executing Synchronous Functions in Asynchronous Code
Also: run-in-executor, thread-pool, process-pool, dask
Correction: The guide's `with ThreadPoolExecutor` blocks the loop at its end: see `asyncdemo to-thread --way with`.
Correction: The guide has no `__main__` guard, and fails where processes start afresh (the rule from Python 3.14 on).
Correction: The guide leaves out `asyncio.to_thread`, the short form, which also carries context variables: `to-thread`.
Ideal: ceil(jobs / threads) * block, and the time that the computations take
Example: asyncdemo executor --jobs 9 --block 200ms --size 1M
Example: asyncdemo executor --jobs 3 --threads 1 --block 100ms --sums 0
"""

import asyncio
import time
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from typing import Any, Literal


def blocking_io_task(number: int, seconds: float) -> str:
    print(f"Synchronous task {number} starting\n", end="")  # in one piece: threads would mix text and newline
    time.sleep(seconds)
    print(f"Synchronous task {number} complete\n", end="")
    return f"result_{number}"


def cpu_bound_task(number: int, size: int) -> None:
    print(f"CPU task {number} starting\n", end="", flush=True)  # likewise: two processes print to one terminal
    sum(i * i for i in range(size))
    print(f"CPU task {number} complete\n", end="", flush=True)


async def run_all(executor: Executor, function: Any, jobs: int, amount: float) -> list[Any]:
    run = asyncio.get_running_loop().run_in_executor
    try:
        return await asyncio.gather(*(run(executor, function, number, amount) for number in range(jobs)))
    finally:
        executor.shutdown(wait=False, cancel_futures=True)


async def main(
    jobs: int = 3,  # how many blocking calls there are, at least 0, at most 1k
    threads: int = 3,  # how many threads share them, at least 1, at most 100
    block: float = 2,  # seconds that each call blocks its thread, at least 0
    sums: int = 2,  # how many computations there are, at least 0, at most 1k
    processes: int = 2,  # how many processes share them, at least 1, at most 61
    size: int = 10_000_000,  # how many squares each computation adds up, at least 0
    pool: Literal["processes", "dask"] = "processes",  # whose processes they are; dask needs asyncdemo[cluster]
) -> None:
    start = time.perf_counter()
    results = await run_all(ThreadPoolExecutor(threads), blocking_io_task, jobs, block)
    print(f"IO task time: {time.perf_counter() - start:.2f} seconds\nResults: {results}", flush=True)
    start = time.perf_counter()
    if pool == "dask":
        from distributed import Client

        async with Client(asynchronous=True, n_workers=processes, threads_per_worker=1, dashboard_address=":0") as dask:
            await dask.gather(dask.map(cpu_bound_task, range(sums), [size] * sums))
    else:
        await run_all(ProcessPoolExecutor(processes, get_context("spawn")), cpu_bound_task, sums, size)
    print(f"CPU task time: {time.perf_counter() - start:.2f} seconds")


if __name__ == "__main__":
    asyncio.run(main())
