"""Scripts of the user's own as subjects of `compare` and `bench`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from asyncdemo.errors import AsyncdemoError
from asyncdemo.run import Script, measure_script
from tests.commands import Asyncdemo

SLEEP = """
import asyncio

async def main():
    print("hello")
    await asyncio.sleep({seconds})

if __name__ == "__main__":
    asyncio.run(main())
"""

TELLING = """
import asyncio
import sys
from pathlib import Path

async def main():
    loop = type(asyncio.get_running_loop()).__module__.partition(".")[0]
    with open(Path(__file__).with_suffix(".log"), "a") as log:
        print(__name__, sys.argv, sys.path[0] == str(Path(__file__).parent), loop, file=log)

asyncio.run(main())
"""


@pytest.fixture
def script(tmp_path: Path) -> Callable[[str, str], str]:
    """Writes a script with a name and a text, and gives its path."""

    def write(name: str, text: str) -> str:
        path = tmp_path / name
        path.write_text(text)
        return str(path)

    return write


def test_scripts_are_compared(script: Callable[[str, str], str], asyncdemo: Asyncdemo) -> None:
    """In virtual time a script takes exactly as long as it sleeps, and prints nothing."""
    slow, fast = script("slow.py", SLEEP.format(seconds=6)), script("fast.py", SLEEP.format(seconds=2))
    code, out, err = asyncdemo("compare", slow, fast, "--clock", "virtual", "--json")
    found = json.loads(out)
    assert (code, err) == (0, "")
    assert [(each["name"], each["median_ns"]) for each in found["subjects"]] == [
        (slow, 6_000_000_000), (fast, 2_000_000_000),
    ]  # fmt: skip
    assert found["ratios"][0]["times_faster"] == 3


def test_a_script_is_compared_with_a_concept(script: Callable[[str, str], str], asyncdemo: Asyncdemo) -> None:
    """One's own way of doing the jobs stands beside asyncdemo's, and is drawn beside it."""
    mine = script("mine.py", SLEEP.format(seconds=0.2))
    code, out, err = asyncdemo("compare", "concurrent", mine, "--clock", "virtual", "--width", "200")
    assert (code, err) == (0, "")
    title = f"{Path(mine).parent.name}/mine.py"
    assert f"{title} takes exactly as long as concurrent" in out
    assert f"{title}  1 task" in out


def test_a_script_runs_as_it_would_by_itself(script: Callable[[str, str], str], asyncdemo: Asyncdemo) -> None:
    """It is `__main__`, on the loop that was asked for or its own, and asyncdemo's own are back afterwards."""
    pytest.importorskip("uvloop")
    before = sys.modules["__main__"], list(sys.argv), list(sys.path)
    path = script("app.py", TELLING)
    code, out, err = asyncdemo("bench", path, f"{path}@uvloop", "-r", "1", "-w", "0", "--json")
    assert (code, err) == (0, "")
    log = Path(path).with_suffix(".log").read_text().splitlines()
    told = {f"__main__ ['{path}'] True {loop}" for loop in ("asyncio", "uvloop")}
    assert set(log) == told
    assert len(log) == 2 * 3, "each was timed, recorded and weighed"
    assert [each["runs_on"] for each in json.loads(out)["subjects"]] == ["its own", "uvloop"]
    assert (sys.modules["__main__"], sys.argv, sys.path) == before


def test_the_shared_loop_is_for_scripts_as_well(script: Callable[[str, str], str], asyncdemo: Asyncdemo) -> None:
    """`--loop uvloop` is the loop of a script that names none."""
    pytest.importorskip("uvloop")
    path = script("app.py", TELLING)
    assert asyncdemo("bench", path, "--loop", "uvloop", "-r", "1", "-w", "0", "--no-instrumented")[0] == 0
    assert Path(path).with_suffix(".log").read_text().endswith("uvloop\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("raise ValueError('no luck')", "app.py ended with exit code 1.\nValueError: no luck", id="error"),
        pytest.param("import sys; sys.exit(2)", "app.py ended with exit code 2.", id="an exit code"),
        pytest.param("import", "app.py ended with exit code 1.\nSyntaxError: ", id="no Python"),
    ],
)
def test_a_script_that_fails_ends_it(
    text: str, said: str, script: Callable[[str, str], str], asyncdemo: Asyncdemo
) -> None:
    """One error says which script, and how it ended."""
    asyncdemo("bench", script("app.py", text)).check_refusal(said, 1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["no.py"], "cannot read the script 'no.py': no such file", id="no file"),
        pytest.param(["app.py:limit=3"], "'app.py:limit=3' is a script, which has no options here", id="an option"),
        pytest.param(["app.py", "-P", "limit=1,2"], "-P limit: app.py has no parameter 'limit'", id="a sweep"),
        pytest.param(["app.py", "--scale", "2"], "the durations of the script app.py are not known", id="a scale"),
        pytest.param(["app.py@trio"], "names the loop 'trio'", id="another loop"),
    ],
)
def test_what_a_script_cannot_do_is_refused(
    arguments: list[str],
    said: str,
    script: Callable[[str, str], str],
    asyncdemo: Asyncdemo,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Exit code 2, before it runs."""
    script("app.py", "raise SystemExit(9)")
    monkeypatch.chdir(tmp_path)
    asyncdemo("bench", *arguments).check_refusal(said)


def test_a_script_that_is_interrupted_interrupts(script: Callable[[str, str], str]) -> None:
    """Ctrl+C in a script is one for asyncdemo, and no failure of the script's."""
    with pytest.raises(KeyboardInterrupt):
        measure_script(Script.read(script("app.py", "raise KeyboardInterrupt")))
    with pytest.raises(AsyncdemoError, match="exit code 1"):
        measure_script(Script.read(script("app.py", "1 / 0")))
