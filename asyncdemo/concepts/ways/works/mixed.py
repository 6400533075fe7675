"""Waits for the delay, then adds up a hundred thousand squares."""

import asyncio
import time


def compute() -> None:
    sum(number * number for number in range(100_000))


async def awaited(seconds: float) -> None:
    await asyncio.sleep(seconds)
    compute()


def blocking(seconds: float) -> None:
    time.sleep(seconds)
    compute()
