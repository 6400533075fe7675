"""Tasks for the cells of a grid, round after round.  real"""

import asyncio


async def step(grid, cell):
    grid[cell] = (grid[cell] + grid[cell - 1]) % 7


async def main():
    grid = list(range(500))
    for _ in range(10):
        tasks = [asyncio.create_task(step(grid, cell)) for cell in range(500)]  # <- AD104
        await asyncio.wait(tasks)


asyncio.run(main())
