"""Adds up two million squares; a task that does so blocks the loop."""


async def awaited(seconds: float) -> None:
    blocking(seconds)


def blocking(_seconds: float) -> None:
    sum(number * number for number in range(2_000_000))
