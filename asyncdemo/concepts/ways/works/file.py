"""Writes a file of 1 MB and reads it back; tasks do that on the loop's own threads."""

import asyncio
import tempfile

CONTENT = b"asyncdemo\n" * 100_000


async def awaited(seconds: float) -> None:
    await asyncio.to_thread(blocking, seconds)


def blocking(_seconds: float) -> None:
    with tempfile.TemporaryFile() as file:
        file.write(CONTENT)
        file.seek(0)
        if file.read() != CONTENT:
            raise OSError("the file is not what was written")
