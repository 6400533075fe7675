"""Computing that lets go of the interpreter, on a thread.  real"""

import asyncio
import hashlib


def digest(data):
    return hashlib.pbkdf2_hmac("sha256", data, b"salt", 200_000)


async def main():
    await asyncio.gather(*(asyncio.to_thread(digest, b"data") for _ in range(2)))


asyncio.run(main())
