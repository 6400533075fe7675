"""How the tests are spread over workers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CONFTEST = """
from tests.conftest import pytest_xdist_make_scheduler
"""
FILE = """
import os, pathlib, pytest, time

@pytest.mark.parametrize("number", range({tests}))
def test_it(number):
    once = pathlib.Path({once!r})
    if number == {crashes} and not once.exists():
        once.touch()
        time.sleep(2)  # the other worker has ended by then
        os._exit(1)
"""
FILES = {f"test_{name}.py": 5 for name in "abcdef"} | {"test_last.py": 3}


def test_a_crash_costs_one_test(tmp_path: Path) -> None:
    """All the others run, those after it in its file as well, and the run ends; that test runs again by itself."""
    (tmp_path / "conftest.py").write_text(CONFTEST)
    for name, tests in FILES.items():
        crashes = tests - 1 if name == "test_last.py" else -1
        (tmp_path / name).write_text(FILE.format(tests=tests, once=str(tmp_path / "once"), crashes=crashes))
    options = ["-q", "-n", "2", "--dist", "loadfile", "-p", "no:asyncio"]
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", *options, f"--rootdir={tmp_path}", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert f"1 failed, {sum(FILES.values())} passed" in ended.stdout, ended.stdout + ended.stderr
