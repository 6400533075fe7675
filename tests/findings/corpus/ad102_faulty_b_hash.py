"""One long computation in a library of C.  real"""

import asyncio
import hashlib


async def digest(data):
    return hashlib.pbkdf2_hmac("sha256", data, b"salt", 900_000)  # <- AD102


async def main():
    await asyncio.gather(digest(b"data"), asyncio.sleep(0.01))


asyncio.run(main())
