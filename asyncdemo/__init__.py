"""asyncdemo: see asyncio happen.

The names below are imported when they are first used, so that `import asyncdemo` costs next to nothing.

PYTEST_DONT_REWRITE: under `asyncdemo run -m pytest` this is imported before pytest is, which would warn of that.
"""

from __future__ import annotations

TYPE_CHECKING = False  # typing's own costs as much as all the rest of `asyncdemo --version`
if TYPE_CHECKING:
    from asyncdemo.attach import Recording, record
    from asyncdemo.errors import AsyncdemoError
    from asyncdemo.run import Result, run_concept, run_script
    from asyncdemo.trace import Trace
    from asyncdemo.tracefile import load, save

__version__ = "0.1.0"

__all__ = [
    "AsyncdemoError",
    "Recording",
    "Result",
    "Trace",
    "__version__",
    "load",
    "record",
    "run_concept",
    "run_script",
    "save",
]

_HOMES = {
    "AsyncdemoError": "asyncdemo.errors",
    "Recording": "asyncdemo.attach",
    "Result": "asyncdemo.run",
    "Trace": "asyncdemo.trace",
    "load": "asyncdemo.tracefile",
    "record": "asyncdemo.attach",
    "run_concept": "asyncdemo.run",
    "run_script": "asyncdemo.run",
    "save": "asyncdemo.tracefile",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
