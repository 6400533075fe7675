"""The most urgent item first, in whatever order they came.

`get` hands out the smallest item. Priorities alone leave open which of two equals comes first. So each item carries a
sequence number, too, which is compared next: equals then come out in the order in which they went in.

Watch: All items are there at the start; the worker takes them by priority, one at a time.
Guide: 3.6 Priority Queue
Also: priority, heap, heapq, priority-item, fifo
Correction: The guide's items compare by priority alone, so equal ones do not come out in the order in which they went
    in. `--ties` works through five equals as the guide does, then with sequence numbers.
Example: asyncdemo priority-queue --clock virtual
Example: asyncdemo priority-queue --clock virtual --ties
Ideal: 10 * work if ties else 3 * work
"""

import asyncio
from dataclasses import dataclass, field

MIXED = [(3, "Low priority"), (1, "High priority"), (2, "Medium priority")]
EQUAL = [(1, name) for name in ("First", "Second", "Third", "Fourth", "Fifth")]


@dataclass(order=True)
class PriorityItem:
    priority: int
    sequence: int
    data: str = field(compare=False)


async def worker(queue: asyncio.PriorityQueue[PriorityItem], work: float) -> None:
    while not queue.empty():
        item = await queue.get()
        print(f"Processing: {item.data} (Priority: {item.priority})")
        await asyncio.sleep(work)


async def process(jobs: list[tuple[int, str]], work: float, numbered: bool = True) -> None:
    queue = asyncio.PriorityQueue[PriorityItem]()
    for number, (priority, data) in enumerate(jobs):
        await queue.put(PriorityItem(priority, number if numbered else 0, data))
    await asyncio.create_task(worker(queue, work), name="worker" if numbered else "guide's worker")


async def main(
    work: float = 0.1,  # seconds that each item takes, at least 0
    ties: bool = False,  # give all items the same priority
) -> None:
    if ties:
        print("Priority alone:")
        await process(EQUAL, work, numbered=False)
        print("Priority and sequence number:")
    await process(EQUAL if ties else MIXED, work)


if __name__ == "__main__":
    asyncio.run(main())
