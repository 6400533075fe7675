"""A coroutine that somebody keeps and nobody awaits."""

import asyncio

pending = []


async def notify(user):
    await asyncio.sleep(0.1)
    return user


def later(user):
    pending.append(notify(user))  # <- AD201


async def main():
    later("ann")
    await asyncio.sleep(0.1)


asyncio.run(main())
