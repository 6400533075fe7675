"""Queries of MySQL through a pool, and a transaction.

A connection does one query at a time; the pool lends a few, and who finds none free waits. After `begin()`, a
`rollback()` undoes whatever was done. Without `--url`, SQLite answers behind MySQL's protocol.

Watch: As many queries at once as there are connections, the others wait for one; the transaction comes last.
Guide: 6.3 aiomysql
Also: aiomysql, mariadb, cursor
Correction: In the guide `conn.close()` stands last, and a query that fails skips it: the connection stays open
    (`--leak`). The pool's `async with` takes it back whatever happens.
Server: mysql
Extra: mysql
Ideal: ceil(queries / connections) * hold, and the connections and the transaction
Example: asyncdemo mysql --queries 10 --connections 5
Example: asyncdemo mysql --leak
"""

import asyncio
import contextlib
import time
from urllib.parse import unquote, urlsplit

import aiomysql


async def query(pool: aiomysql.Pool, number: int, hold: float, patience: float) -> None:
    async with pool.acquire() as connection, connection.cursor() as cursor, asyncio.timeout(hold + patience):
        await cursor.execute("SELECT SLEEP(%s)", (hold,))
    print(f"Query {number} done")


async def insert_and_undo(connection: aiomysql.Connection, cursor: aiomysql.Cursor) -> None:
    await cursor.execute("CREATE TEMPORARY TABLE job (name VARCHAR(9)) ENGINE=InnoDB")
    await connection.begin()
    await cursor.execute("INSERT INTO job VALUES ('one'), ('two')")
    await connection.rollback()
    await cursor.execute("SELECT COUNT(*) FROM job")
    print(f"Two rows inserted, after the rollback there are {(await cursor.fetchone())[0]}")


async def main(
    url: str = "mysql://root@127.0.0.1:3306/test",  # the server's address
    queries: int = 6,  # how many queries there are, at least 1, at most 10k
    connections: int = 3,  # how many connections the pool has, at least 1, at most 100
    hold: float = 0.3,  # seconds that each query takes, at least 0
    leak: bool = False,  # let a query fail on a connection as the guide has it
    patience: float = 5,  # seconds, at any scale, that a query may take beyond its own, at least 0.1
) -> None:
    start, at = time.perf_counter(), urlsplit(url)
    user = {"user": unquote(at.username or "root"), "password": unquote(at.password or ""), "db": at.path.strip("/")}
    where = {"host": at.hostname, "port": at.port or 3306, "connect_timeout": patience, "autocommit": True, **user}
    async with aiomysql.create_pool(**where, maxsize=connections) as pool:
        async with asyncio.TaskGroup() as group:
            for number in range(1, queries + 1):
                group.create_task(query(pool, number, hold, patience), name=f"Query {number}")
        async with pool.acquire() as connection, connection.cursor() as cursor, asyncio.timeout(patience):
            await insert_and_undo(connection, cursor)
    if leak:
        connection = await aiomysql.connect(**where)
        async with connection.cursor() as cursor, asyncio.timeout(patience):
            with contextlib.suppress(aiomysql.ProgrammingError):
                await cursor.execute("SELECT * FROM no_users")
                connection.close()
        print(f"A query failed, connection closed: {connection.closed}")
        connection.close()
    print(f"Total time: {time.perf_counter() - start:.2f} seconds")


if __name__ == "__main__":
    asyncio.run(main())
