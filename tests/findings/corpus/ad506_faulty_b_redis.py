"""Two connections of redis-py's for eight tasks.  real"""

import asyncio

from redis.asyncio import BlockingConnectionPool, Redis


async def serve(reader, writer):
    while line := await reader.readline():
        command = [await reader.readline() for _ in range(2 * int(line[1:]))]
        await asyncio.sleep(0.1 if command[1] == b"GET\r\n" else 0)
        writer.write(b"+OK\r\n")
    writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = "redis://127.0.0.1:{}".format(server.sockets[0].getsockname()[1])
    pool = BlockingConnectionPool.from_url(url, max_connections=2)
    client = Redis(connection_pool=pool)

    async def read(key):
        return await client.get(key)  # <- AD506

    await asyncio.gather(*(read(f"key-{number}") for number in range(8)))
    await client.aclose()
    await pool.disconnect()
    server.close()


asyncio.run(main())
