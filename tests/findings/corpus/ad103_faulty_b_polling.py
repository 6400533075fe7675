"""Pollers that never rest."""

import asyncio
import time


async def poll(until):  # <- AD103
    while time.monotonic() < until:
        time.sleep(0.002)
        await asyncio.sleep(0)


async def heartbeat():
    for _ in range(5):
        await asyncio.sleep(0.05)


async def main():
    until = time.monotonic() + 0.5
    await asyncio.gather(heartbeat(), *(poll(until) for _ in range(40)))


asyncio.run(main())
