"""Running a program of the user's own exactly as `python SCRIPT` or `python -m MODULE` would."""

from __future__ import annotations

import asyncio
import atexit
import builtins
import gc
import importlib.util
import os
import sys
import warnings
from abc import ABC, abstractmethod
from contextlib import ExitStack, contextmanager, redirect_stderr
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, SourceFileLoader
from io import StringIO
from time import perf_counter_ns
from types import CodeType, ModuleType
from typing import TYPE_CHECKING, Any, NoReturn

from asyncdemo.errors import USAGE, AsyncdemoError
from asyncdemo.run.children import Children
from asyncdemo.run.exits import INTERRUPTED, end_process, exit_code
from asyncdemo.run.interrupts import Interrupts, no_farewell
from asyncdemo.run.result import Result
from asyncdemo.run.tracebacks import trim
from asyncdemo.run.window import Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from asyncdemo.recorder import Recorder
    from asyncdemo.recorder.clock import Clock


class Main(ABC):
    """A program that becomes `__main__`.

    Attributes:
        arguments: what follows its name on the command line.
    """

    arguments: tuple[str, ...]

    @property
    @abstractmethod
    def title(self) -> str:
        """What to call it in a picture."""

    @abstractmethod
    def _begin(self) -> tuple[CodeType, dict[str, Any]]:
        """Sets `sys.argv` and `sys.path` as the interpreter does; returns its code and the facts of its `__main__`."""

    def execute(self) -> tuple[int, str | None]:
        """Runs the program as `__main__`.

        Returns:
            Its exit code, 0 to 255, and what Python would print about the exception that ended it, or None.

        Raises:
            AsyncdemoError: the clock refused what the program does, or there is no such module (exit code 2).
        """
        # What belongs to __main__ stays in place afterwards: threads, exit handlers and children still need it.
        try:
            code, facts = self._begin()
            exec(code, _become_main(facts).__dict__)  # noqa: S102
        except SystemExit as request:
            return exit_code(request), None
        except AsyncdemoError:
            raise
        except KeyboardInterrupt as error:
            return INTERRUPTED, _reported(error)
        except BaseException as error:  # noqa: BLE001
            return 1, _reported(error)
        return 0, None


@dataclass(frozen=True, slots=True)
class Script(Main):
    """A readable script and what follows it on the command line.

    Attributes:
        path: as the user gave it, which is what the script sees as `sys.argv[0]`.
        arguments: the rest of `sys.argv`.
        source: what the file holds.
    """

    path: str
    arguments: tuple[str, ...]
    source: bytes

    @classmethod
    def read(cls, path: str, arguments: Sequence[str] = ()) -> Script:
        """Reads the script at `path`.

        Raises:
            AsyncdemoError: it does not exist, is a folder or may not be read (exit code 2).
        """
        try:
            with open(path, "rb") as file:
                return cls(path, tuple(arguments), file.read())
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise AsyncdemoError(
                f"cannot read the script {path!r}: {reason}\nGive the path of a Python file: asyncdemo run app.py",
                USAGE,
            ) from None

    @property
    def title(self) -> str:
        """The file's name."""
        return os.path.basename(self.path)

    def _begin(self) -> tuple[CodeType, dict[str, Any]]:
        file = os.path.abspath(self.path)
        code = compile(self.source, file, "exec", dont_inherit=True)
        _set_command_line(self.path, self.arguments, os.path.dirname(os.path.realpath(self.path)))
        return code, {"__file__": file, "__loader__": SourceFileLoader("__main__", file), "__cached__": None}


@dataclass(frozen=True, slots=True)
class Module(Main):
    """A module, or a package with a `__main__`, found as `python -m` finds it.

    Attributes:
        name: its dotted name.
        arguments: the rest of `sys.argv`.
    """

    name: str
    arguments: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The module's name."""
        return self.name

    def _begin(self) -> tuple[CodeType, dict[str, Any]]:
        # While its packages are imported the program's name is not known yet; this is what the interpreter says then.
        _set_command_line("-m", self.arguments, os.getcwd())
        spec = _spec(self.name)
        if spec.submodule_search_locations is not None:
            spec = _spec(f"{self.name}.__main__")
        code = getattr(spec.loader, "get_code", lambda _: None)(spec.name)
        if code is None:
            raise _no_module(self.name, "it is not written in Python")
        sys.argv[0] = spec.origin or self.name
        return code, {
            "__file__": spec.origin,
            "__cached__": spec.cached,
            "__loader__": spec.loader,
            "__package__": spec.parent,
            "__spec__": spec,
        }


def _spec(name: str) -> ModuleSpec:
    """Where the module called `name` is. Finding it imports the packages that it is in."""
    try:
        found = None if name.startswith(".") else importlib.util.find_spec(name)
    except ModuleNotFoundError as error:
        if not f"{name}.".startswith(f"{error.name}."):
            raise  # the package is there, but not what it imports: its own traceback tells
        found = None
    except ValueError:
        found = None
    if found is not None:
        return found
    if name.endswith(".__main__"):
        raise _no_module(name.removesuffix(".__main__"), "the package has no __main__")
    raise _no_module(name, "there is none")


def _no_module(name: str, reason: str) -> AsyncdemoError:
    return AsyncdemoError(
        f"cannot run the module {name!r}: {reason}.\nName one that `python -m` finds: asyncdemo run -m pytest", USAGE
    )


def _set_command_line(name: str, arguments: Sequence[str], folder: str) -> None:
    sys.argv[:] = [name, *arguments]
    if not sys.flags.safe_path:
        sys.path[0] = folder


def _become_main(facts: Mapping[str, Any]) -> ModuleType:
    """A `__main__` as the interpreter makes it, which is also what the children of a pool look for."""
    main = ModuleType("__main__")
    main.__dict__.update(facts, __builtins__=builtins, __annotations__={})
    sys.modules["__main__"] = main
    return main


@contextmanager
def main_restored() -> Iterator[None]:
    """Gives `__main__`, the command line and the path of imports back to whoever had them before a script."""
    main, arguments, path = sys.modules["__main__"], list(sys.argv), list(sys.path)
    try:
        yield
    finally:
        sys.modules["__main__"] = main
        sys.argv[:], sys.path[:] = arguments, path


@contextmanager
def event_loops(loop: str | None, clock: Clock) -> Iterator[None]:
    """Makes `asyncio.run` and everybody else who asks for a new loop get one of `clock` and of kind `loop`.

    Nothing is touched when neither was asked for: the script then makes its loops as it does by itself.
    """
    if loop is None and clock.name == "real":
        yield
        return
    with warnings.catch_warnings():
        # Policies are the only way into a script that calls asyncio.run(); 3.14 deprecates them.
        warnings.simplefilter("ignore", DeprecationWarning)
        previous = asyncio.get_event_loop_policy()
        asyncio.set_event_loop_policy(_policy(lambda: clock.new_event_loop(loop or "asyncio")))
    try:
        with clock.installed():
            yield
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            asyncio.set_event_loop_policy(previous)


class ScriptRun:
    """A program of the user's being run in this process.

    Args:
        script: what to run; it becomes `__main__`.
        recorder: not yet started.
        clock: tells the time; loops are made by it when it is virtual or `loop` is given.
        loop: `asyncio` or `uvloop`, or None for the loops that the script makes by itself.
        timeout_s: real seconds after which the script is interrupted (exit code 124), or None.
        farewell: called with the exit code when the process has to end at once: SIGTERM, SIGHUP, the time-out.
        keeps_error: whether what Python would print about an exception that ends the script is kept for the result;
            otherwise it is printed when Python would print it.
        children: what is to be done about its child processes; by default they are not recorded.
    """

    def __init__(
        self,
        script: Main,
        *,
        recorder: Recorder,
        clock: Clock,
        loop: str | None = None,
        timeout_s: float | None = None,
        farewell: Callable[[int], None] = no_farewell,
        keeps_error: bool = False,
        children: Children | None = None,
    ) -> None:
        self._script = script
        self._recorder = recorder
        self._children = children or Children(recorder, wanted=False)
        self._interrupts = Interrupts(farewell, timeout_s)
        self._window = Window(recorder)
        self._surroundings = (self._window, self._children, event_loops(loop, clock), self._interrupts)
        self._stack = ExitStack()
        self._code = 1
        self._error: str | None = None
        self._keeps_error = keeps_error
        self._started_ns = perf_counter_ns()

    def execute(self) -> int:
        """Runs the script to its last line and returns its exit code. The recording goes on.

        Raises:
            AsyncdemoError: the clock refused what the script does.
        """
        for each in self._surroundings:
            self._stack.enter_context(each)
        try:
            self._code, self._error = self._script.execute()
        except AsyncdemoError as refusal:
            self._code = refusal.exit_code
            raise
        if self._error and not self._keeps_error:
            sys.stderr.write(self._error)
            self._error = None
        return self._code

    def give_up(self) -> None:
        """Interrupts the script, from another thread, for it can never end; its exit code is then 1."""
        self._interrupts.give_up()

    def finish(self) -> Result:
        """Ends the recording."""
        self._stack.close()
        wall_ns = perf_counter_ns() - self._started_ns
        trace = self._children.joined(self._recorder.stop())
        return Result(trace, self._interrupts.exit_code(self._code), wall_ns, self._error)

    def exit_process(self, conclude: Callable[[Result], object]) -> NoReturn:
        """Runs the script and leaves the interpreter, which waits for its threads and calls its exit handlers first.

        `conclude` gets the result after all of them.
        """
        pid = os.getpid()
        gc.freeze()  # the program's collections need not search what asyncdemo has loaded

        def over() -> None:
            if os.getpid() == pid:
                result = self.finish()
                conclude(result)
                if result.exit_code != self._code:
                    end_process(result.exit_code)

        atexit.register(over)
        sys.exit(self.execute())


def run_script(script: Main, *, recorder: Recorder, clock: Clock, loop: str | None = None) -> Result:
    """Runs `script` in this process, to its last line: its threads and exit handlers are not waited for.

    The arguments are those of `ScriptRun`.
    """
    run = ScriptRun(script, recorder=recorder, clock=clock, loop=loop, keeps_error=True)
    try:
        run.execute()
    finally:
        result = run.finish()
    return result


def _reported(error: BaseException) -> str:
    """What the program's own `sys.excepthook` has to say about `error`."""
    trim(error)
    with redirect_stderr(StringIO()) as said:
        sys.excepthook(type(error), error, error.__traceback__)
    return said.getvalue()


def _policy(factory: Callable[[], asyncio.AbstractEventLoop]) -> Any:
    class Policy(asyncio.DefaultEventLoopPolicy):
        def new_event_loop(self) -> asyncio.AbstractEventLoop:
            return factory()

    return Policy()
