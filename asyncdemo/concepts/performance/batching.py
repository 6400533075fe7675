"""Each batch waits for its slowest item; a semaphore does not.

The same items go two ways, which race: in batches with a pause after each, and through a semaphore that admits as many
at once as a batch holds. A batch leaves its places empty until its last item ends; a semaphore gives each place on.

Watch: The batches start in steps, with a pause between. With `--slow 5` one item of each keeps the next batch waiting.
Guide: 8.3 Batch Processing to Reduce Context Switching
Also: batch, batches, batch-processing, chunks
Correction: Batches do not reduce context switching. An item that waits once is switched to twice, whoever else waits,
    and every batch adds two switches: 2,020 here, and 2,002 with everything at once, `--batch 1000`.
Correction: The guide does not say that each batch waits for its slowest item. With `--slow 5 --pause 0` the batches
    take 5.0 seconds and the semaphore 1.4, though it switches more often: who waits for a place is switched to again.
Ideal: ceil(items / batch) * (work * slow + pause)
Example: asyncdemo batching --slow 5 --pause 0 --clock virtual
Example: asyncdemo batching --items 20 --batch 5 --slow 3
"""

import asyncio
import time


class Way:
    def __init__(self) -> None:
        self.start = time.perf_counter()
        self.switches = 0

    async def process_item(self, work: float) -> None:
        self.switches += 1
        await asyncio.sleep(work)
        self.switches += 1

    async def wait_and_process_item(self, semaphore: asyncio.Semaphore, work: float) -> None:
        self.switches += semaphore.locked()
        async with semaphore:
            await self.process_item(work)

    def end(self, name: str) -> None:
        print(f"{name}, time: {time.perf_counter() - self.start:.2f} seconds, context switches: {self.switches}")


async def in_batches(works: list[float], batch: int, pause: float) -> None:
    way = Way()
    for first in range(0, len(works), batch):
        await asyncio.gather(*map(way.process_item, works[first : first + batch]))
        await asyncio.sleep(pause)
        way.switches += 2
    way.end("In batches")


async def through_semaphore(works: list[float], limit: int) -> None:
    way = Way()
    semaphore = asyncio.Semaphore(limit)
    await asyncio.gather(*(way.wait_and_process_item(semaphore, work) for work in works))
    way.switches += 1
    way.end("Through a semaphore")


async def main(
    items: int = 1000,  # how many items there are, at least 1, at most 100k
    batch: int = 100,  # how many of them make a batch, at least 1
    pause: float = 0.1,  # seconds after each batch, at least 0
    work: float = 0.1,  # seconds that an item takes, at least 0
    slow: float = 1,  # how many times as long one item of each batch takes, at least 1, at most 1k
) -> None:
    works = [work * slow if number % batch == 0 else work for number in range(items)]
    await asyncio.gather(in_batches(works, batch, pause), through_semaphore(works, batch))


if __name__ == "__main__":
    asyncio.run(main())
