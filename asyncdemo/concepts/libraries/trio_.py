"""The same fan-out in trio: a nursery, a limiter and one deadline.

Here is nothing of asyncio: trio has a loop of its own, and `trio.run` stands where `asyncio.run` would. A task is
started in a nursery, and the nursery's block does not end before all of its tasks have. The limiter lets `limit` of
them through at once. A deadline is set for the whole block: what is not done by then is cancelled. One task that fails
(`--fail`) cancels the others, as in a task group. A server of your own needs `/delay/SECONDS` and `/status/CODE`.

Watch: No more than `limit` tasks wait for the socket, the others for the limiter. Which come first is drawn by lot.
Guide: 6.4 Other Common Asynchronous Libraries
Also: open-nursery, start-soon, cancel-scope, capacity-limiter, move-on-after
Server: http
Extra: trio
Ideal: None if fail else patience if stuck else min(patience, ceil(pages / limit) * delay), and the connections
Example: asyncdemo trio --stuck 0
Example: asyncdemo trio --pages 50 --patience 500ms
Example: asyncdemo trio --fail
"""

import time
from urllib.parse import urlsplit

import trio


async def fetch(url: str, path: str) -> str:
    parts = urlsplit(url)
    with trio.socket.socket() as connection:
        await connection.connect((parts.hostname, parts.port or 80))
        await connection.send(f"GET {path} HTTP/1.0\r\nHost: {parts.hostname}\r\n\r\n".encode())
        answer = b""
        while part := await connection.recv(65_536):
            answer += part
    if not answer:
        raise ConnectionResetError("The server closes the connection without an answer")
    return answer.split()[1].decode()


async def report(number: int, url: str, path: str, limiter: trio.CapacityLimiter, fetched: list[int]) -> None:
    async with limiter:
        status = await fetch(url, path)
    if status != "200":
        raise ValueError(f"Page {number}: {status}")
    print(f"Page {number}: fetched")
    fetched.append(number)


async def main(
    url: str = "http://127.0.0.1:8080",  # the server's address
    pages: int = 8,  # how many pages to fetch, at least 1, at most 10k
    limit: int = 4,  # how many connections there may be at once, at least 1, at most 1k
    delay: float = 0.2,  # seconds that the server takes for a page, at least 0
    patience: float = 2,  # seconds until the deadline of all pages, at least 0.01
    stuck: int = 1,  # how many pages take ten times as long as the deadline, at least 0
    fail: bool = False,  # let one page more answer 500
) -> None:
    start, fetched, limiter = time.perf_counter(), list[int](), trio.CapacityLimiter(limit)
    paths = ["/status/500"] * fail + [f"/delay/{patience * 10}"] * stuck + [f"/delay/{delay}"] * pages
    try:
        with trio.move_on_after(patience) as scope:
            async with trio.open_nursery() as nursery:
                for number, path in enumerate(paths[:pages], 1):
                    nursery.start_soon(report, number, url, path, limiter, fetched, name=f"Page {number}")
    except* ValueError as errors:
        print(f"{errors.exceptions[0]}, and the others are cancelled")
    print(f"Fetched {len(fetched)} of {pages} pages{', and then it was time' if scope.cancelled_caught else ''}")
    print(f"Total time: {time.perf_counter() - start:.2f} seconds")


if __name__ == "__main__":
    trio.run(main)
