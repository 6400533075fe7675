"""Six pages over two connections of httpx'.  real"""

import asyncio

import httpx


async def answer(reader, writer):
    while await reader.readuntil(b"\r\n\r\n"):
        await asyncio.sleep(0.1)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


async def reply(reader, writer):
    try:
        await answer(reader, writer)
    except asyncio.IncompleteReadError:
        writer.close()


async def main():
    server = await asyncio.start_server(reply, "127.0.0.1", 0)
    url = "http://127.0.0.1:{}".format(server.sockets[0].getsockname()[1])
    limits = httpx.Limits(max_connections=2)
    async with httpx.AsyncClient(limits=limits, trust_env=False, verify=False) as client:

        async def fetch():
            return await client.get(url)  # <- AD506

        await asyncio.gather(*(fetch() for _ in range(8)))
    server.close()


asyncio.run(main())
