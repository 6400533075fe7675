"""Run an `asyncdemo` command as it is, and write down how long the live view's frames took.

Usage: python -m tests.bench.watched FRAMES ARGS...

The file FRAMES gets the nanoseconds of each frame as JSON: from taking the snapshot to writing the screen, with all
that the watched program does meanwhile.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from asyncdemo.__main__ import main
from asyncdemo.views.live import LiveView

stop = LiveView.stop


def stop_and_tell(view: LiveView) -> None:
    """Write the frames down once there will be no more."""
    stop(view)
    Path(FRAMES).write_text(json.dumps(view.frame_ns), encoding="utf-8")


if __name__ == "__main__":
    _, FRAMES, *sys.argv[1:] = sys.argv
    LiveView.stop = stop_and_tell  # type: ignore[assignment, method-assign]
    main()
