"""The smallest Typer app: one command that prints a line. What `asyncdemo list` costs is measured against it."""

from __future__ import annotations

import typer

app = typer.Typer(add_completion=False)


@app.command()
def hello(name: str = "world") -> None:
    """Greet somebody."""
    print(f"hello {name}")


if __name__ == "__main__":
    app()
