"""Each call needs what the one before gave."""

import asyncio


async def login(user):
    await asyncio.sleep(0.1)
    return user


async def fetch(session):
    await asyncio.sleep(0.1)
    return session


async def main():
    session = await login("ann")
    page = await fetch(session)
    print(page)


asyncio.run(main())
