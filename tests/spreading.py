"""Spreads the files of tests over workers such that a worker which crashes takes nothing with it but its test."""

from __future__ import annotations

from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController


class FilesOverWorkers(LoadFileScheduling):  # type: ignore[misc]
    """What `-n 2 --dist loadfile` does, to the end also after a crash.

    By itself it hands out all files of the lost worker again, those that are done, too. A worker that is given one of
    them waits for more, and the run with it.
    """

    def remove_node(self, node: WorkerController) -> str | None:
        """Takes back the files of a worker that is gone, but for those that are done; gives the test that it was in."""
        files = self.assigned_work[node]
        for name in [name for name, tests in files.items() if all(tests.values())]:
            del files[name]
        test: str | None = super().remove_node(node)
        return test
