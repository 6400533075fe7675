"""Programs as people write them, under `asyncdemo run`: servers, other ways to run a loop, and how they end."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from threading import Timer

import pytest

from asyncdemo.trace import Trace
from asyncdemo.tracefile import load, save
from tests.commands import Outcome
from tests.traces import TraceBuilder

ASK = """
async def ask(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.0\\r\\n\\r\\n")
    print((await reader.read()).splitlines()[-1])
    writer.close()
    await writer.wait_closed()
"""
UVICORN = f"""
import asyncio, sys, uvicorn
{ASK}
async def app(scope, receive, send):
    assert scope["type"] == "http"
    await send({{"type": "http.response.start", "status": 200, "headers": []}})
    await send({{"type": "http.response.body", "body": b"hello"}})

class Server(uvicorn.Server):
    async def startup(self, sockets=None):
        await super().startup(sockets)
        self.asking = asyncio.create_task(ask(self.servers[0].sockets[0].getsockname()[1]))
        self.asking.add_done_callback(lambda _: setattr(self, "should_exit", True))

Server(uvicorn.Config(app, port=0, lifespan="off", log_level="error", loop=sys.argv[1])).run()
"""
AIOHTTP = f"""
import asyncio
from aiohttp import web
{ASK}
async def hello(request):
    return web.Response(text="hello")

async def main():
    app = web.Application()
    app.add_routes([web.get("/", hello)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    await ask(runner.addresses[0][1])
    await runner.cleanup()
    print("cleaned up")

asyncio.run(main())
"""
ANYIO = """
import anyio

async def work(number, sent):
    await anyio.sleep(0.01)
    await sent.send(number)

async def main():
    send, receive = anyio.create_memory_object_stream(10)
    async with send, receive, anyio.create_task_group() as group:
        for number in range(3):
            group.start_soon(work, number, send)
        print(sorted([await receive.receive() for _ in range(3)]))
        print(await anyio.to_thread.run_sync(sum, (1, 2)))

anyio.run(main, backend="asyncio", backend_options={"use_uvloop": False})
"""
UVLOOP = """
import asyncio, uvloop

async def main():
    print(await asyncio.gather(*(asyncio.sleep(0.01, number) for number in range(3))))
    raise SystemExit(4)

uvloop.run(main())
"""
SERVES = """
import asyncio, sys

async def serve():
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    try:
        async with server:
            print("ready", flush=True)
            await server.serve_forever()
    finally:
        print("shutting down", flush=True)
        await asyncio.sleep(0.01)
        print("down", flush=True)

if sys.argv[1] == "uvloop":
    import uvloop
    uvloop.run(serve())
else:
    asyncio.run(serve())
"""
THREADS = """
import asyncio, threading
def run(number):
    asyncio.run(asyncio.sleep(0.01))
    print("ran", number)
for number in range(2):
    thread = threading.Thread(target=run, args=(number,), name=f"loop {number}")
    thread.start()
    thread.join()
"""
DEBUG = """
import asyncio, gc, sys, traceback
from importlib import import_module

async def fails():
    raise ValueError("no luck")

async def main():
    asyncio.get_running_loop().slow_callback_duration = 60
    asyncio.create_task(fails())
    await asyncio.sleep(0.01)
    gc.collect()
    fails()
    asyncio.get_running_loop().create_future().set_exception(KeyError("lost"))
    traceback.print_stack()

runner = asyncio.Runner(debug=True, loop_factory=import_module(sys.argv[1]).new_event_loop)
with runner:
    runner.run(main())
loop = asyncio.new_event_loop()
loop.create_task(fails())
loop.close()
"""


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a test writes its script; the tests run in that folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path / "script.py"


def python(*arguments: str) -> Outcome:
    """Runs the interpreter."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    return Outcome(done.returncode, done.stdout, done.stderr)


def coroutines(trace: Trace) -> set[str]:
    """The names of the tasks' coroutines."""
    return {trace.text(coro) for coro in trace.tasks.coro}


@pytest.mark.parametrize(
    ("source", "arguments", "ran"),
    [
        pytest.param(UVICORN, ["asyncio"], "ask", id="uvicorn"),
        pytest.param(UVICORN, ["uvloop"], "ask", id="uvicorn on uvloop"),
        pytest.param(AIOHTTP, [], "RequestHandler.start", id="aiohttp.web"),
        pytest.param(ANYIO, [], "TaskHandle._run_coro", id="anyio"),
        pytest.param(UVLOOP, [], "sleep", id="uvloop.run"),
        pytest.param(THREADS, [], "sleep", id="loops in threads"),
    ],
)
def test_it_behaves_as_under_python(script: Path, source: str, arguments: list[str], ran: str) -> None:
    """Exit code and output are those of `python SCRIPT`, and the tasks are there."""
    script.write_text(source)
    recorded = python("-m", "asyncdemo", "run", "--save", "t.trace", "script.py", *arguments)
    assert recorded[:2] == python("script.py", *arguments)[:2]
    assert "Traceback" not in recorded.err
    assert "asyncdemo:" not in recorded.err
    assert ran in coroutines(load("t.trace"))


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_debug_mode_tells_what_it_would_tell(script: Path, loop: str) -> None:
    """Of what was lost and where it was made, to the last line: nothing of what runs it stands there."""
    script.write_text(DEBUG)
    unrecorded = python("script.py", loop)

    assert python("-m", "asyncdemo", "run", "--format", "quiet", "script.py", loop) == unrecorded
    told = [line for line in unrecorded.err.splitlines() if " never " in line or "destroyed" in line]
    assert len(told) == 5


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_server_shuts_down_before_it_is_drawn(script: Path, loop: str) -> None:
    """Ctrl+C is the program's own first; then the picture is drawn and the recording saved."""
    script.write_text(SERVES)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-m", "asyncdemo", "run", "--save", "t.trace", "script.py", loop]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as server:
        watchdog = Timer(60, server.kill)
        watchdog.start()
        assert server.stdout is not None
        before = server.stdout.readline()
        server.send_signal(signal.SIGINT)
        said = server.stdout.read()
        watchdog.cancel()
    assert (before, server.returncode) == ("ready\n", 130)
    assert said.index("shutting down") < said.index("down\n") < said.index("script.py  ")
    assert coroutines(load("t.trace")) & {"serve", "run.<locals>.wrapper"}


def test_chosen_coroutines_are_drawn_and_that_is_said(script: Path) -> None:
    """What was left out stands in the header, under the picture and in what is exported."""
    script.write_text(ANYIO)
    shown = python("-m", "asyncdemo", "run", "--include", "work", "--max-steps", "4", "script.py").err
    assert "only tasks of work" in shown.splitlines()[0]
    chosen, dropped = shown.splitlines()[-2:]
    assert chosen == "! only tasks of work"
    assert re.fullmatch(r"! dropped \d+ steps, the oldest", dropped)
    exported = python("-m", "asyncdemo", "run", "--exclude", "work", "--json", "script.py").out
    assert '"left_out": ["no tasks of work"]' in exported


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["--save", "there.trace"], "there.trace cannot be written: it exists already", id="an old trace"),
        pytest.param(["--save", "no/t.trace"], "no/t.trace cannot be written", id="no such folder"),
        pytest.param(["--since", "soon"], "--since: 'soon' is not a duration", id="no time"),
        pytest.param(["--for", "0"], "--for 0 is too small", id="no time at all"),
        pytest.param(["--max-steps", "0"], "--max-steps 0 is too small", id="no steps"),
        pytest.param(["--include", ""], "--include needs a pattern", id="an empty pattern"),
        pytest.param(["--since", "1", "--clock", "virtual"], "--since and --for are real time", id="virtual time"),
        pytest.param(["--live", "--json"], "More than one format was asked for: json, live", id="two formats"),
        pytest.param(["--live"], "--format live needs a terminal", id="live without a terminal"),
    ],
)
def test_bad_options_are_refused_before_anything_runs(script: Path, arguments: list[str], said: str) -> None:
    """One error, exit code 2, and the program has not begun."""
    script.write_text("print('it ran')")
    Path("there.trace").write_bytes(b"precious")
    python("-m", "asyncdemo", "run", *arguments, "script.py").check_refusal(said)
    assert Path("there.trace").read_bytes() == b"precious"


def test_a_program_may_close_its_output(script: Path) -> None:
    """One that closes stdout is drawn all the same, with its own exit code."""
    script.write_text("import asyncio, sys\nsys.stdout.close()\nasyncio.run(asyncio.sleep(0))\nsys.exit(3)")
    shown = python("-m", "asyncdemo", "run", "script.py")
    assert (shown.code, shown.out) == (3, "")
    assert "1 ok" in shown.err
    assert "Traceback" not in shown.err


def test_being_killed_while_saving_loses_nothing_that_was_saved(tmp_path: Path) -> None:
    """A SIGKILL in the middle of writing leaves the trace that was there before, whole."""
    built = TraceBuilder()
    built.task("kept", created=0, ended=1)
    save(built.build(1), path := tmp_path / "t.trace")
    program = (
        "import os, signal, sys\n"
        "from asyncdemo import Trace, tracefile\n"
        "def chunks(trace):\n"
        "    yield b'half'\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "tracefile._chunks = chunks\n"
        "tracefile.save(Trace(), sys.argv[1], force=True)\n"
    )
    assert python("-c", program, str(path)).code == -signal.SIGKILL
    assert load(path).task_name(0) == "kept"


def test_a_program_that_ends_before_its_window_says_so(script: Path) -> None:
    """There is nothing to draw, and the reason is told."""
    script.write_text("import asyncio\nasyncio.run(asyncio.sleep(0))")
    shown = python("-m", "asyncdemo", "run", "--since", "60s", "script.py")
    assert shown == Outcome(0, "", "asyncdemo: script.py ended before the recording was to begin (--since 60s).\n")
