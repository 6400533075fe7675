"""Two tasks that await each other."""

import asyncio

tasks = {}


async def wait_for(other):
    await asyncio.sleep(0.01)
    await tasks[other]  # <- AD301


async def main():
    tasks["a"] = asyncio.create_task(wait_for("b"), name="a")
    tasks["b"] = asyncio.create_task(wait_for("a"), name="b")
    await asyncio.wait(tasks.values())


asyncio.run(main())
