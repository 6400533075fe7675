"""`asyncdemo show CONCEPT`: the explanation, what the guide gets wrong, the options, examples, the source."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Sequence

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text
from typer.core import TyperArgument, TyperCommand, TyperOption

from asyncdemo import catalog
from asyncdemo.catalog.concept import Concept, Option
from asyncdemo.cli import consoles
from asyncdemo.cli.concept_options import default_text, described_help, flag
from asyncdemo.cli.values import choice
from asyncdemo.quantities import as_given


def command(_arguments: Sequence[str]) -> TyperCommand:
    """The `show` command."""
    name = TyperArgument(
        param_decls=["concept"], type=str, required=True, metavar="CONCEPT", help="its name in `asyncdemo list`"
    )
    color = TyperOption(
        param_decls=["--color"], type=str, default="auto", metavar="auto|always|never", help="use colours"
    )
    return TyperCommand("show", help="Explain a concept and show its source.", callback=show, params=[name, color])


def show(concept: str, color: str) -> None:
    """Prints what there is to know about a concept."""
    found = catalog.find(concept)
    console = consoles.console(sys.stdout, choice("auto", "always", "never").read("--color", color), None)
    text = _printed(console, Group(*_blocks(found))) + _source(console, found.source)
    for work in found.works:
        text += _printed(console, Text(f"\nSource of --work {work.name}", "bold")) + _source(console, work.source)
    with consoles.finishing(consoles.own(sys.stdout)) as stream:
        stream.write(f"{text}\nRun it: asyncdemo {found.name}\n")


def _printed(console: Console, block: RenderableType) -> str:
    """A block as it is printed; piped, it has no blanks at the ends of lines."""
    with console.capture() as capture:
        console.print(block)
    text = capture.get()
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines()) if console.no_color else text


def _source(console: Console, source: str) -> str:
    """A file's code as it is printed; piped, it is there to be copied and never wrapped."""
    if console.no_color:
        return f"{_code(source)}\n"
    with console.capture() as capture:
        console.print(_highlighted(_code(source)), soft_wrap=True)
    return capture.get()


def _blocks(concept: Concept) -> Iterator[RenderableType]:
    titles = dict(catalog.chapters())
    yield Text.assemble((concept.name, "bold"), f"  {concept.summary}")
    yield Text(f"{titles[concept.chapter]}, guide {concept.guide}{''.join(_needs(concept))}", "dim")
    for paragraph in concept.prose.split("\n\n"):
        yield Text(f"\n{paragraph}")
    yield Text.assemble("\n", ("Watch: ", "bold"), concept.watch)
    if concept.ideal:
        yield Text.assemble("\n", ("Ideal time: ", "bold"), f"{_by_default(concept)}{concept.ideal_in_words()}.")
    if concept.corrections:
        yield Text("\nWhat the guide gets wrong", "bold")
        yield from (_bullet(each) for each in concept.corrections)
    if concept.options:
        yield Text("\nOptions", "bold")
        yield _options(concept)
    if concept.works:
        yield Text("\nWhat --work can be", "bold")
        yield _works(concept)
    if concept.examples:
        yield Text("\nExamples", "bold")
        yield from (Padding(Text(each, "cyan"), (0, 0, 0, 2)) for each in concept.examples)
    yield Text("\nSource", "bold")


def _needs(concept: Concept) -> Iterator[str]:
    if concept.real_only:
        yield f", real {concept.real_only}"
    if concept.platform:
        yield f", {concept.platform} only"
    if concept.library:
        yield f", with {concept.library}"


def _by_default(concept: Concept) -> str:
    seconds = concept.ideal_s({})
    return "" if seconds is None else f"{as_given(seconds)} by default: "


def _bullet(text: str) -> RenderableType:
    grid = Table.grid(padding=(0, 1))
    grid.add_row("-", Text(text))
    return Padding(grid, (0, 0, 0, 1))


def _options(concept: Concept) -> RenderableType:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column()
    for each in concept.options:
        grid.add_row(Text(flag(each), "cyan"), Text(_described(each)))
    return Padding(grid, (0, 0, 0, 2))


def _described(option: Option) -> str:
    """`what limits it: wait_for, timeout (wait_for)`: what it is, what it can be, and what it is by default."""
    choices = f": {', '.join(option.choices)}" if option.type == "choice" else ""
    default = default_text(option) if option.type != "bool" else None
    return f"{described_help(option)}{choices}{f' ({default})' if default else ''}"


def _code(source: str) -> str:
    """The source without the docstring, which has been told above."""
    lines = source.rstrip().splitlines()
    docstring = ast.parse(source).body[0]
    return "\n".join(lines[docstring.end_lineno or 0 :]).lstrip("\n")


def _works(concept: Concept) -> RenderableType:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_row(Text("sleep", "cyan"), Text("Sleeps for the delay, which stands for waiting."))
    for work in concept.works:
        grid.add_row(Text(work.name, "cyan"), Text(work.summary))
    return Padding(grid, (0, 0, 0, 2))


def _highlighted(code: str) -> Text:
    """The code. Its lines stay whole, so that they can be copied: a narrow terminal folds them by itself."""
    text = Syntax("", "python", theme="ansi_dark", background_color="default").highlight(code)
    text.rstrip()
    return text
