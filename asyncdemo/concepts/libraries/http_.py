"""Pages fetched with a limit, a timeout and a look at the status.

One session keeps the connections, and `limit` of them are open at most; further requests wait for one, and their
timeout runs meanwhile. `raise_for_status()` makes an error of an answer that is one. Some pages never answer in time
(`--stuck`), some answer 500 (`--broken`), and those are not fetched. A server of your own needs `/delay/SECONDS` and
`/status/CODE`, as httpbin.org has them.

Watch: No more than `limit` wait for an answer, the others for a connection. A stuck page ends with its timeout.
Guide: 6.1 aiohttp
Also: aiohttp, fetch-url, client-session, raise-for-status
Correction: The guide counts answers, so a page that answered 500 is "fetched" as well: try `--no-check`.
Correction: The guide sets no timeout. A page that never answers then takes 300 s, the default of aiohttp.
Server: http
Ideal: patience if stuck >= limit else
    max(patience if stuck else 0, ceil((pages - stuck - broken) / (limit - stuck)) * delay), and the connections
Example: asyncdemo http --limit 8
Example: asyncdemo http --no-check --broken 3
Example: asyncdemo http --stuck 0 --broken 0 --pages 50 --limit 50
"""

import asyncio
import time

import aiohttp


async def fetch(session: aiohttp.ClientSession, path: str, check: bool) -> str:
    async with session.get(path) as response:
        if check:
            response.raise_for_status()
        return await response.text()


async def report(session: aiohttp.ClientSession, number: int, path: str, check: bool) -> bool:
    try:
        await fetch(session, path, check)
    except TimeoutError:
        print(f"Page {number}: no answer in time")
    except aiohttp.ClientResponseError as error:
        print(f"Page {number}: {error.status} {error.message}")
    else:
        print(f"Page {number}: fetched")
        return True
    return False


async def main(
    url: str = "http://127.0.0.1:8080",  # the server's address
    pages: int = 8,  # how many pages to fetch, at least 1, at most 10k
    limit: int = 4,  # how many connections there may be at once, at least 1, at most 1k
    delay: float = 0.2,  # seconds that the server takes for a page, at least 0
    patience: float = 1,  # seconds after which a page is given up, its wait for a connection included, at least 0.01
    stuck: int = 1,  # how many pages take ten times as long, at least 0
    broken: int = 1,  # how many pages answer 500, at least 0
    no_check: bool = False,  # take every answer for a page, as the guide does
) -> None:
    start = time.perf_counter()
    paths = [f"/delay/{patience * 10}"] * stuck + ["/status/500"] * broken + [f"/delay/{delay}"] * pages
    pool, timeout = aiohttp.TCPConnector(limit=limit), aiohttp.ClientTimeout(total=patience)
    async with aiohttp.ClientSession(url, connector=pool, timeout=timeout) as session, asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(report(session, number, path, not no_check), name=f"Page {number}")
            for number, path in enumerate(paths[:pages], 1)
        ]
    print(f"Fetched {sum(task.result() for task in tasks)} of {pages} pages")
    print(f"Total time: {time.perf_counter() - start:.2f} seconds")


if __name__ == "__main__":
    asyncio.run(main())
