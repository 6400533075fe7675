"""How many at once, over the columns of a picture, without looking at steps."""

from __future__ import annotations

from collections.abc import Iterable

from asyncdemo.trace import Trace


def average(spans: Iterable[tuple[int, int]], columns: int, cell_ns: int) -> list[float]:
    """How many of the spans (start, end) are under way, on average over each of `columns` cells of `cell_ns`."""
    partial, whole = [0] * (columns + 1), [0] * (columns + 2)
    edge = columns * cell_ns
    for begin, finish in spans:
        start, end = max(begin, 0), min(finish, edge)
        if end <= start:
            continue
        first, last = start // cell_ns, (end - 1) // cell_ns
        if first == last:
            partial[first] += end - start
        else:
            partial[first] += (first + 1) * cell_ns - start
            partial[last] += end - last * cell_ns
            whole[first + 1] += 1
            whole[last] -= 1
    return _summed(partial, whole, columns, cell_ns)


def _summed(partial: list[int], whole: list[int], columns: int, cell_ns: int) -> list[float]:
    under_way, result = 0, []
    for column in range(columns):
        under_way += whole[column]
        result.append(under_way + partial[column] / cell_ns)
    return result


def concurrency(trace: Trace, columns: int, cell_ns: int = 0) -> list[float]:
    """Tasks in existence, on average over each column; without `cell_ns` the columns share the duration."""
    width = cell_ns or max(1, -(-trace.duration_ns // columns))
    return average(zip(trace.tasks.created_ns, trace.tasks.ended_ns, strict=True), columns, width)


def finished(trace: Trace, columns: int, cell_ns: int) -> list[int]:
    """How many tasks ended in each column."""
    counts = [0] * columns
    for end, outcome in zip(trace.tasks.ended_ns, trace.tasks.outcome, strict=True):
        if outcome:
            counts[min(max(end, 0) // cell_ns, columns - 1)] += 1
    return counts
