"""The same jobs serially, as tasks, on threads and on processes.

Jobs that wait (I/O-bound) gain in every way. Tasks cost least, but need libraries that `await`; a thread takes any
blocking call. Jobs that compute (CPU-bound) gain from processes alone, up to the number of CPUs and less their start:
Python computes on one thread at a time, unless it is a free-threaded build. A simple script needs none of this.

Watch: Serial jobs, and tasks that compute, block the loop. What threads and processes do stands in lanes of its own.
Guide: 11 When to Choose Asynchronous
Also: when-to-use, io-bound, cpu-bound, threads-or-tasks, gil
Ideal: (jobs + 1 + ceil(jobs / threads) + ceil(jobs / processes)) * wait, and what starting processes and computing take
Example: asyncdemo choose --jobs 4 --wait 0.1 --size 100k
Example: asyncdemo choose --jobs 4 --wait 0.2 --size 0
"""

import asyncio
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import Any


def compute(size: float) -> None:
    sum(i * i for i in range(int(size)))


async def compute_in_task(size: float) -> None:
    compute(size)


async def serially(job: Callable[[float], None], amounts: list[float]) -> None:
    for amount in amounts:
        job(amount)


async def as_tasks(job: Callable[[float], Coroutine[Any, Any, None]], amounts: list[float]) -> None:
    await asyncio.gather(*map(job, amounts))


async def in_pool(pool: Executor, job: Callable[[float], None], amounts: list[float]) -> None:
    await asyncio.gather(*(asyncio.get_running_loop().run_in_executor(pool, job, amount) for amount in amounts))


async def timed(way: Callable[[list[float]], Coroutine[Any, Any, None]], amounts: list[float]) -> str:
    start = time.perf_counter()
    await way(amounts)
    return f"time: {time.perf_counter() - start:.2f} s"


async def main(
    jobs: int = 8,  # how many jobs of each kind there are, at least 1, at most 100
    wait: float = 0.25,  # seconds that an I/O-bound job waits, at least 0
    size: int = 1_000_000,  # how many squares a CPU-bound job adds up, at least 0
    threads: int = 8,  # how many threads share the jobs, at least 1, at most 100
    processes: int = 2,  # how many processes share them, at least 1, at most 61
) -> None:
    with ThreadPoolExecutor(threads) as many, ProcessPoolExecutor(processes, get_context("spawn")) as few:
        print(f"Starting processes {await timed(partial(in_pool, few, compute), [0] * processes)}")
        for name, io, cpu in (
            ("serially", partial(serially, time.sleep), partial(serially, compute)),
            ("as tasks", partial(as_tasks, asyncio.sleep), partial(as_tasks, compute_in_task)),
            ("on threads", partial(in_pool, many, time.sleep), partial(in_pool, many, compute)),
            ("on processes", partial(in_pool, few, time.sleep), partial(in_pool, few, compute)),
        ):
            print(f"{name:<13} I/O-bound {await timed(io, [wait] * jobs)}  CPU-bound {await timed(cpu, [size] * jobs)}")


if __name__ == "__main__":
    asyncio.run(main())
