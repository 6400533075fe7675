"""`record()` in a notebook: cells of a real kernel, whose loop runs already."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest

pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")

RUN = """
import json, sys
import nbclient, nbformat
notebook = nbformat.v4.new_notebook()
notebook.cells = [nbformat.v4.new_code_cell(cell) for cell in json.load(sys.stdin)]
nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
json.dump([cell.outputs for cell in notebook.cells], sys.stdout)
"""
CELLS = {
    "setup": """\
import asyncio
import asyncdemo

slots = asyncio.Semaphore(2)

async def fetch(number):
    async with slots:
        await asyncio.sleep(0.01)
        print("fetched", number)
""",
    "async with": """\
async with asyncdemo.record() as recording:
    await asyncio.gather(*(fetch(number) for number in range(4)))
recording
""",
    "asked": "recording.tasks('fetch').peak_at_work",
    "decorated": """\
@asyncdemo.record()
async def both():
    await asyncio.gather(fetch(4), fetch(5))

await both()
both.recording
""",
    "not begun": "asyncdemo.record()",
    "afterwards": "await fetch(6)",
}
"""What somebody types, cell by cell."""
Output = dict[str, Any]


@cache
def outputs() -> dict[str, list[Output]]:
    """What each cell shows."""
    done = subprocess.run(
        [sys.executable, "-c", RUN], input=json.dumps(list(CELLS.values())), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return dict(zip(CELLS, json.loads(done.stdout), strict=True))


def shown(cell: str) -> Output:
    """The value of a cell, as the notebook has it: nothing else is displayed."""
    (value,) = [each for each in outputs()[cell] if each["output_type"] != "stream"]
    assert value["output_type"] == "execute_result"
    data: Output = value["data"]
    return data


class Page(HTMLParser):
    """The text of a piece of HTML, and the styles in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text, self.styles = "", list[str]()
        self.feed(text)

    def handle_data(self, data: str) -> None:
        """Text."""
        self.text += unescape(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag with its style."""
        self.styles += [value or "" for name, value in attrs if name == "style"]


def test_a_recording_as_the_last_expression_is_the_picture() -> None:
    """Made with `async with` in a cell, inside the kernel's own loop: once, as HTML, and as a line of text."""
    data = shown("async with")
    assert data.keys() == {"text/plain", "text/html"}
    assert data["text/plain"].startswith("<Recording of ")
    page = Page(data["text/html"])
    assert page.text.count("\N{CHECK MARK} fetch-") == 4
    assert "waiting for Semaphore" in page.text
    assert "peak 2/2" in page.text


def test_the_picture_has_the_colour_of_its_notebook() -> None:
    """Light or dark: text is in the colour of the page, and nothing brings a ground of its own."""
    page = Page(shown("async with")["text/html"])
    assert "color: inherit; background: none" in page.styles[0]
    assert not [style for style in page.styles[1:] if "background" in style]


def test_what_the_cell_prints_stays_where_it_was() -> None:
    """On stdout, each line once."""
    streams = [each for each in outputs()["async with"] if each["output_type"] == "stream"]
    assert {each["name"] for each in streams} == {"stdout"}
    assert "".join(each["text"] for each in streams) == "".join(f"fetched {number}\n" for number in range(4))


def test_a_recording_answers_in_the_next_cell() -> None:
    """It is over, and can be asked."""
    assert shown("asked") == {"text/plain": "2"}


def test_a_decorated_coroutine_has_the_picture_of_its_call() -> None:
    """Of that alone, under its name; what was under way in the kernel is no task that never ended."""
    text = Page(shown("decorated")["text/html"]).text
    assert text.startswith("both ")
    assert "never ended" not in text
    assert text.count("fetch-") >= 2


def test_one_that_has_not_begun_is_a_line() -> None:
    """There is nothing to draw yet."""
    assert shown("not begun") == {"text/plain": "<Recording that has not begun>"}


def test_the_kernel_goes_on_as_before() -> None:
    """Cells after a recording run as they did before it."""
    assert [each["text"] for each in outputs()["afterwards"]] == ["fetched 6\n"]
