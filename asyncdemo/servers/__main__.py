"""`python -m asyncdemo.servers NAME FOLDER`: the keeper of one embedded server.

It prints one line of JSON, the server's address or why there is none, and then serves until nobody holds the other end
of its stdin any more. However the program that started it ends, the system closes that end: the keeper sees it, stops
the server and removes its folder.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path

from asyncdemo import servers
from asyncdemo.servers.base.programs import die_with_parent
from asyncdemo.servers.base.reasons import first_line


def main(name: str, folder: str) -> int:
    """Keeps the server called `name`, whose data is in `folder`, removes that and returns the exit code."""
    ending = _Ending()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # To the very end: with SIGTERM the system tells of a parent's death, also when the folder is just being removed.
    signal.signal(signal.SIGTERM, ending.ask)
    die_with_parent()
    try:
        asyncio.run(_keep(servers.find(name), Path(folder), ending))
    except asyncio.CancelledError:
        return 0
    except Exception as error:  # noqa: BLE001 - whoever asked is told, whatever it is
        _tell(error=str(error) if type(error) is RuntimeError else first_line(error))
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


class _Ending:
    """Cancels the task that keeps the server, once, however often it is asked for and by whom."""

    def __init__(self) -> None:
        self._asked = self._begun = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None

    def ask(self, *_: object) -> None:
        """Ends the keeping, from any thread and from a signal's handler; also what has not begun yet."""
        self._asked = True
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop is closed: it has ended
                self._loop.call_soon_threadsafe(self._begin)

    def of_this_task(self) -> None:
        """It is the current task that keeps the server."""
        self._task, self._loop = asyncio.current_task(), asyncio.get_running_loop()
        if self._asked:
            self._begin()

    def _begin(self) -> None:
        if self._task and not self._begun:
            self._begun = True
            self._task.cancel()


async def _keep(server: servers.Server, folder: Path, ending: _Ending) -> None:
    def wait_for_the_end() -> None:
        # Not through `sys.stdin`: an interpreter that ends while a thread reads from that aborts.
        while os.read(0, 1):
            pass
        ending.ask()

    ending.of_this_task()
    threading.Thread(target=wait_for_the_end, daemon=True).start()
    async with server.serve(folder) as url:
        _tell(url=url)
        await asyncio.Event().wait()


def _tell(**said: str) -> None:
    sys.stdout.write(f"{json.dumps(said)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
