"""A connection that opens and closes itself, and awaits both.

`async with` awaits `__aenter__`, runs its block, and awaits `__aexit__`, even if the block fails or is cancelled. But a
timeout can strike in those two as well. Then nobody else drops what they have opened: they have to do it themselves.

Watch: One lane connects, queries and closes. With `--cancel-during query` it still closes after the timeout has struck.
Guide: 2.4 Asynchronous Context Managers
Also: async-with, aenter, aexit, connection, database
Correction: A timeout inside the guide's `__aexit__` leaves the connection set: `--cancel-during exit --guide`.
Correction: A timeout inside `__aenter__` never calls `__aexit__`, so nothing closes: `--cancel-during enter --guide`.
Ideal: connect / 2 if cancel_during == "enter" else connect + query / (2 if cancel_during == "query" else 1)
    + close / (2 if cancel_during == "exit" else 1)
Example: asyncdemo context-manager --cancel-during query --clock virtual
Example: asyncdemo context-manager --cancel-during exit --guide --clock virtual
"""

import asyncio
from typing import Literal, Self


class AsyncDBConnection:
    def __init__(self, name: str, seconds: dict[str, float], careful: bool) -> None:
        self.name, self.seconds, self.careful = name, seconds, careful
        self.connection: str | None = None

    async def __aenter__(self) -> Self:
        print(f"Connecting to database {self.name}...")
        self.connection = f"Connection to {self.name}"  # a socket is open before the server has answered
        await self.exchange(self.seconds["connect"])
        print("Database connection successful")
        return self

    async def __aexit__(self, *raised: object) -> None:
        print("Closing database connection...")
        await self.exchange(self.seconds["close"])
        self.connection = None
        print("Database connection closed")

    async def exchange(self, seconds: float) -> None:
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            self.connection = None if self.careful else self.connection
            raise

    async def query(self, sql: str) -> list[dict[str, int | str]]:
        print(f"Executing query: {sql}")
        await asyncio.sleep(self.seconds["query"])
        return [{"id": 1, "name": "test"}]


async def main(
    connect: float = 1,  # seconds that connecting takes, at least 0.001
    query: float = 0.3,  # seconds that the query takes, at least 0.001
    close: float = 0.5,  # seconds that closing takes, at least 0.001
    cancel_during: Literal["enter", "query", "exit"] | None = None,  # when a timeout strikes, half-way
    guide: bool = False,  # do nothing about it in __aenter__ and __aexit__, as in the guide
) -> None:
    moments = {"enter": connect / 2, "query": connect + query / 2, "exit": connect + query + close / 2}
    database = AsyncDBConnection("mydb", {"connect": connect, "query": query, "close": close}, careful=not guide)
    try:
        async with asyncio.timeout(moments[cancel_during] if cancel_during else None), database as db:
            print("Query results:", await db.query("SELECT * FROM users"))
    except TimeoutError:
        print(f"Timed out, the connection is now: {database.connection}")
    print("Context exited")


if __name__ == "__main__":
    asyncio.run(main())
