"""Files written and read back: with aiofiles, on threads, plainly.

Systems have no way to wait for a file as for a socket, so aiofiles runs each call of `open`, `write`, `read` and
`close` on a thread, one after the other. `asyncio.to_thread` does a whole file in one go there. For small files even
that costs more than the files: what it buys is that the loop is not blocked meanwhile.

Watch: Six short calls on threads for each file with aiofiles, one with to_thread; with `open` the loop is blocked.
Guide: 6.2 aiofiles
Also: aiofiles, read-file, write-file, open
Correction: The guide calls it "asynchronous file operations". They are calls on threads: 300 small files took 53 ms,
    with plain `open` 5 ms.
Ideal: 0, and the time that the files and the threads take
Example: asyncdemo files --files 100
Example: asyncdemo files --way aiofiles --files 3
"""

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Literal

import aiofiles


async def with_aiofiles(path: Path, content: str) -> str:
    async with aiofiles.open(path, "w") as file:
        await file.write(content)
    async with aiofiles.open(path) as file:
        text: str = await file.read()
        return text


def with_open(path: Path, content: str) -> str:
    with path.open("w") as file:
        file.write(content)
    with path.open() as file:
        return file.read()


async def on_threads(path: Path, content: str) -> str:
    return await asyncio.to_thread(with_open, path, content)


async def plainly(path: Path, content: str) -> str:
    return with_open(path, content)


WAYS = {"aiofiles": with_aiofiles, "to_thread": on_threads, "open": plainly}


async def main(
    files: int = 10,  # how many files there are, at least 1, at most 10k
    size: int = 1000,  # how many times "content" stands in each, at least 1, at most 1M
    way: Literal["all", "aiofiles", "to_thread", "open"] = "all",  # how they are written and read
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name in WAYS if way == "all" else [way]:
            start = time.perf_counter()
            async with asyncio.TaskGroup() as group:
                for number in range(1, files + 1):
                    file = WAYS[name](Path(folder, f"file{number}.txt"), f"content {number}\n" * size)
                    group.create_task(file, name=f"{name} {number}")
            print(f"{name}: {files} files written and read back, time: {time.perf_counter() - start:.3f} seconds")


if __name__ == "__main__":
    asyncio.run(main())
