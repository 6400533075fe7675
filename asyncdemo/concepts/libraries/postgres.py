"""Queries of PostgreSQL through a pool, and a transaction.

A connection does one query at a time. The pool has a few and lends them: who finds none free waits for one. Leaving
`async with connection.transaction()` by an exception rolls back what was done in it, so that a transfer between two
accounts that fails half-way leaves both as they were. The guide only names the library.

Watch: As many queries at once as there are connections, the others wait for one; the transfer comes last.
Guide: 6.4 Other Common Asynchronous Libraries
Also: asyncpg, postgresql, pool, transaction, rollback, sql
Server: postgres
Extra: postgres
Ideal: ceil(queries / connections) * hold, and the connections and the transfer
Example: asyncdemo postgres --queries 10 --connections 5
Example: asyncdemo postgres --no-transaction
"""

import asyncio
import contextlib
import time

import asyncpg


async def query(pool: asyncpg.Pool, number: int, hold: float) -> None:
    async with pool.acquire() as connection:
        await connection.execute("SELECT pg_sleep($1)", hold)
    print(f"Query {number} done")


async def transfer(connection: asyncpg.Connection, amount: int) -> None:
    await connection.execute("UPDATE account SET balance = balance + $1 WHERE owner = 'B'", amount)
    await connection.execute("UPDATE account SET balance = balance - $1 WHERE owner = 'A'", amount)


async def accounts(pool: asyncpg.Pool, amount: int, in_transaction: bool) -> None:
    async with pool.acquire() as connection:
        await connection.execute("CREATE TEMPORARY TABLE account (owner text, balance int CHECK (balance >= 0))")
        await connection.executemany("INSERT INTO account VALUES ($1, $2)", [("A", 100), ("B", 0)])
        try:
            async with connection.transaction() if in_transaction else contextlib.nullcontext():
                await transfer(connection, amount)
        except asyncpg.CheckViolationError:
            print(f"A has no {amount}: {'rolled back' if in_transaction else 'stopped half-way'}")
        rows = await connection.fetch("SELECT owner, balance FROM account ORDER BY owner")
        print("Balances:", *(f"{row['owner']} {row['balance']}" for row in rows))


async def main(
    url: str = "postgres://postgres@127.0.0.1:5432/postgres",  # the server's address
    queries: int = 6,  # how many queries there are, at least 1, at most 10k
    connections: int = 3,  # how many connections the pool has, at least 1, at most 90
    hold: float = 0.3,  # seconds that each query takes, at least 0
    amount: int = 150,  # how much of the 100 that A has is to go to B, at least 0, at most 1M
    no_transaction: bool = False,  # transfer it without a transaction
    patience: float = 5,  # seconds, at any scale, that a query may take beyond its own, at least 0.1
) -> None:
    start = time.perf_counter()
    timeouts = {"timeout": patience, "command_timeout": hold + patience}
    async with asyncpg.create_pool(url, min_size=1, max_size=connections, **timeouts) as pool:
        async with asyncio.TaskGroup() as group:
            for number in range(1, queries + 1):
                group.create_task(query(pool, number, hold), name=f"Query {number}")
        await accounts(pool, amount, not no_transaction)
    print(f"Total time: {time.perf_counter() - start:.2f} seconds")


if __name__ == "__main__":
    asyncio.run(main())
