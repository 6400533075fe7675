"""Six pages over one connection of aiohttp's.  real"""

import asyncio

import aiohttp


async def answer(reader, writer):
    while await reader.readuntil(b"\r\n\r\n"):
        await asyncio.sleep(0.1)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


async def reply(reader, writer):
    try:
        await answer(reader, writer)
    except asyncio.IncompleteReadError:
        writer.close()


async def fetch(session, url):
    async with session.get(url) as response:  # <- AD506
        return await response.text()


async def main():
    server = await asyncio.start_server(reply, "127.0.0.1", 0)
    url = "http://127.0.0.1:{}".format(server.sockets[0].getsockname()[1])
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1)) as session:
        await asyncio.gather(*(fetch(session, url) for _ in range(6)))
    server.close()


asyncio.run(main())
