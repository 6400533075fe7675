"""Pages fetched by one client, with its limits and its timeouts.

As with aiohttp, a client opens `limit` connections at most; its requests wait for one and reuse it. Build one client,
and use it for everything: each further one (`--clients`) has a limit and connections of its own, and loads the
certificates anew, which blocks the loop. In httpx no timeout is one for the whole request, as aiohttp has it: it is one
for each wait, and the wait for a connection has its own (`--pool-patience`).

Watch: The loop is blocked while the client is built. Then no more than `limit` pages wait for an answer, the others for
    a connection; a stuck page keeps its connection until its timeout.
Guide: 6.4 Other Common Asynchronous Libraries
Also: async-client, keep-alive, pool-timeout
Server: http
Extra: httpx
Ideal: max(patience if stuck else 0, min(pool_patience, ceil((pages - stuck - broken) / (clients * limit))
    * min(delay, patience))), and the client and its connections
Example: asyncdemo httpx --clients 8
Example: asyncdemo httpx --pool-patience 100ms
"""

import asyncio
import contextlib
import time

import httpx


async def report(client: httpx.AsyncClient, number: int, path: str, connections: set[object]) -> bool:
    try:
        response = await client.get(path)
        connections.add(response.extensions["network_stream"])
        response.raise_for_status()
    except httpx.PoolTimeout:
        print(f"Page {number}: no connection in time")
    except httpx.TimeoutException:
        print(f"Page {number}: no answer in time")
    except httpx.HTTPStatusError as error:
        print(f"Page {number}: {error.response.status_code} {error.response.reason_phrase}")
    else:
        print(f"Page {number}: fetched")
        return True
    return False


async def main(
    url: str = "http://127.0.0.1:8080",  # the server's address
    pages: int = 8,  # how many pages to fetch, at least 1, at most 500
    clients: int = 1,  # how many clients take turns with the pages, at least 1, at most 100
    limit: int = 4,  # how many connections a client may have at once, at least 1, at most 100
    delay: float = 0.2,  # seconds that the server takes for a page, at least 0
    patience: float = 1,  # seconds after which a page is given up that waits for its answer, at least 0.01
    pool_patience: float = 5,  # seconds after which one is given up that waits for a connection, at least 0.01
    stuck: int = 1,  # how many pages take ten times the patience, at least 0
    broken: int = 1,  # how many pages answer 500, at least 0
) -> None:
    start, connections = time.perf_counter(), set[object]()
    paths = [f"/delay/{patience * 10}"] * stuck + ["/status/500"] * broken + [f"/delay/{delay}"] * pages
    limits, timeout = httpx.Limits(max_connections=limit), httpx.Timeout(patience, pool=pool_patience)
    made = [httpx.AsyncClient(base_url=url, limits=limits, timeout=timeout, trust_env=False) for _ in range(clients)]
    async with contextlib.AsyncExitStack() as stack, asyncio.TaskGroup() as group:
        turns = [await stack.enter_async_context(client) for client in made]
        tasks = [
            group.create_task(report(turns[number % clients], number, path, connections), name=f"Page {number}")
            for number, path in enumerate(paths[:pages], 1)
        ]
    print(f"Fetched {sum(task.result() for task in tasks)} of {pages} pages, connections used: {len(connections)}")
    print(f"Total time: {time.perf_counter() - start:.2f} seconds")


if __name__ == "__main__":
    asyncio.run(main())
