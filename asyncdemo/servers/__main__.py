"""`python -m asyncdemo.servers NAME FOLDER`: the keeper of one embedded server.

It prints one line of JSON, the server's address or why there is none, and then serves until nobody holds the other end
of its stdin any more. However the program that started it ends, the system closes that end: the keeper sees it, stops
the server and removes its folder.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import sys
import threading
from pathlib import Path

from asyncdemo import servers
from asyncdemo.servers.base.programs import die_with_parent
from asyncdemo.servers.base.reasons import first_line


def main(name: str, folder: str) -> int:
    """Keeps the server called `name`, whose data is in `folder`, removes that and returns the exit code."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with_parent()
    try:
        asyncio.run(_keep(servers.find(name), Path(folder)))
    except asyncio.CancelledError:
        return 0
    except Exception as error:  # noqa: BLE001 - whoever asked is told, whatever it is
        _tell(error=str(error) if type(error) is RuntimeError else first_line(error))
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


async def _keep(server: servers.Server, folder: Path) -> None:
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    over = threading.Event()

    def end() -> None:
        if task and not over.is_set():
            over.set()
            task.cancel()

    def wait_for_the_end() -> None:
        while sys.stdin.buffer.read(1):
            pass
        loop.call_soon_threadsafe(end)

    if sys.platform != "win32":
        loop.add_signal_handler(signal.SIGTERM, end)
    threading.Thread(target=wait_for_the_end, daemon=True).start()
    async with server.serve(folder) as url:
        _tell(url=url)
        await asyncio.Event().wait()


def _tell(**said: str) -> None:
    sys.stdout.write(f"{json.dumps(said)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
