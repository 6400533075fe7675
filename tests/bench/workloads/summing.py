"""So many turns of a sum, as a script: what asyncdemo times from inside and hyperfine from outside.

Usage: a copy of it in which TURNS is a number.
"""

from __future__ import annotations

import asyncio

TURNS = 0


async def main() -> None:
    """Add up squares."""
    total = 0
    for number in range(TURNS):
        total += number * number


asyncio.run(main())
