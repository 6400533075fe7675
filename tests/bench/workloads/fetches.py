"""W3: an aiohttp server and client in one process; 50 clients send 100 requests each.

Usage: python fetches.py [asyncio|uvloop]
"""

from __future__ import annotations

import asyncio
import sys
import time
from importlib import import_module

import aiohttp
from aiohttp import web

CLIENTS, REQUESTS = 50, 100


async def hello(_request: web.Request) -> web.Response:
    """Answer at once."""
    return web.Response(text="ok")


async def client(session: aiohttp.ClientSession, url: str) -> None:
    """Send one client's requests, one after another."""
    for _ in range(REQUESTS):
        async with session.get(url) as response:
            await response.text()


async def main() -> None:
    """Serve on a port that the system chooses, and ask."""
    app = web.Application()
    app.router.add_get("/", hello)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    async with aiohttp.ClientSession() as session:
        start = time.perf_counter()
        await asyncio.gather(*(client(session, f"http://{host}:{port}/") for _ in range(CLIENTS)))
        print(f"{time.perf_counter() - start:.6f} seconds in the loop")
    await runner.cleanup()


if __name__ == "__main__":
    import_module(*sys.argv[1:] or ["asyncio"]).run(main())
