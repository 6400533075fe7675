"""A server that waits for a connection for a while.  real"""

import asyncio


async def echo(reader, writer):
    writer.write(await reader.readline())
    await writer.drain()
    writer.close()


async def main():
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    waiting = asyncio.get_running_loop().create_future()

    async def client():
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"hello\n")
        waiting.set_result(await reader.readline())
        writer.close()

    task = asyncio.create_task(client())
    await waiting
    await task
    server.close()


asyncio.run(main())
