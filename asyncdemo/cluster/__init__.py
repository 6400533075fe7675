"""Work spread over a cluster of dask.distributed: each piece in a process of its own, one at a time on each worker.

Nothing of dask is imported before a cluster is opened: it is not part of asyncdemo, but of its extra `cluster`.
"""

from asyncdemo.cluster.scheduler import LOCAL, Cluster, Task, check_installed, opened

__all__ = ["LOCAL", "Cluster", "Task", "check_installed", "opened"]
