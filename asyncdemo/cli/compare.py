"""`asyncdemo compare SUBJECT SUBJECT...`: runs subjects in turn and says which is faster, and by how much."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from typer.core import TyperCommand

from asyncdemo import compare
from asyncdemo.cli import run_options
from asyncdemo.cli.measuring import options as measuring
from asyncdemo.cli.measuring import outcome
from asyncdemo.cli.measuring.bench import Bench
from asyncdemo.cli.measuring.contenders import contenders
from asyncdemo.errors import USAGE, AsyncdemoError

if TYPE_CHECKING:
    from rich.console import Console


def command(arguments: Sequence[str]) -> TyperCommand:
    """The `compare` command; the options of the concepts that `arguments` name are options of the comparison."""
    help_ = "Run several concepts or variants and say which is faster."
    return measuring.command("compare", help_, "SUBJECT SUBJECT...", _compare, arguments)


def _compare(subjects: tuple[str, ...] | None, **given: Any) -> int:
    from asyncdemo.views.comparison import ComparisonView

    options = measuring.seeded(run_options.read(given))
    found = contenders(subjects or (), given, options)
    if len(found) < 2:  # noqa: PLR2004 - it takes two
        raise AsyncdemoError(
            "There is nothing to compare.\nName two subjects: asyncdemo compare serial concurrent", USAGE
        )
    wanted = measuring.read(given, options, compare.Plan())
    comparison = Bench("compare", found, wanted, options).run(pictures=True)

    def view(console: Console) -> ComparisonView:
        height = console.height if console.is_terminal else None
        return ComparisonView(comparison, height=height, ascii_only=options.ascii)

    outcome.show(options, compare.document(comparison), view)
    return outcome.check_slower(outcome.verdict_of_baseline(comparison, wanted), wanted)
