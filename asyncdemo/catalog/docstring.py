"""A concept's docstring: summary, explanation, and lines that start with a label."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from asyncdemo.catalog.rules import RuleError

ONCE = ("Watch", "Guide", "Also", "Ideal", "Server", "Extra")
LABELS = (*ONCE, "Correction", "Example")
_LABEL = re.compile(rf"({'|'.join(LABELS)}): (.+)")


@dataclass(slots=True)
class Docstring:
    """A docstring taken apart.

    Attributes:
        summary: its first line.
        prose: the explanation: paragraphs without line breaks, an empty line between them.
        labels: the texts of each label, in order.
        lines: the line of the file where each label stands first.
    """

    summary: str
    prose: str = ""
    labels: dict[str, list[str]] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)

    def get(self, label: str) -> str | None:
        """The text of a label that stands at most once."""
        return self.labels[label][0] if label in self.labels else None

    def require(self, label: str) -> str:
        """The text of a label that every concept has.

        Raises:
            RuleError: it is missing.
        """
        text = self.get(label)
        if text is None:
            raise RuleError(1, f"the docstring has no `{label}:` line")
        return text


def parse(text: str) -> Docstring:
    """Takes apart the docstring with which a file starts.

    Raises:
        RuleError: it has no summary, or a line below the first label has no label and is not indented.
    """
    lines = text.splitlines()
    if not lines or not lines[0].strip():
        raise RuleError(1, 'a concept starts with """ and its summary')
    docstring = Docstring(lines[0].strip())
    first = next((number for number, line in enumerate(lines) if _LABEL.fullmatch(line)), len(lines))
    docstring.prose = _paragraphs(lines[1:first])
    label = ""
    for number, line in enumerate(lines[first:], first + 1):
        if match := _LABEL.fullmatch(line):
            label = match[1]
            _add(docstring, label, match[2], number)
        elif line.startswith("    "):
            docstring.labels[label][-1] += " " + line.strip()
        elif line:
            raise RuleError(number, f"below the first label a line is indented or starts with {', '.join(LABELS)}")
    return docstring


def _add(docstring: Docstring, label: str, text: str, line: int) -> None:
    if label in ONCE and label in docstring.labels:
        raise RuleError(line, f"the docstring has a second `{label}:` line")
    docstring.labels.setdefault(label, []).append(text)
    docstring.lines.setdefault(label, line)


def _paragraphs(lines: list[str]) -> str:
    blocks = re.split(r"\n\s*\n", "\n".join(lines).strip())
    return "\n\n".join(" ".join(block.split()) for block in blocks)
