"""Trace files: nothing is lost, nothing is overwritten by accident, and bad files are told apart in one sentence."""

from __future__ import annotations

import json
import os
import zlib
from array import array
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asyncdemo import schema, tracefile
from asyncdemo import trace as model
from asyncdemo.errors import AsyncdemoError
from asyncdemo.files import check_writable
from asyncdemo.trace import NONE, VERSION, Sites, Steps, Tasks, Trace, Waits
from asyncdemo.tracefile import load, save

INT32, INT64 = (2**31 - 1, 2**63 - 1)
# Characters of every kind, lone surrogates and NUL among them.
ANY_TEXT = st.text(st.characters() | st.sampled_from("\0\ud83d\ude00\udcff\n"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=6,
)
in_one_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def values(trace: Trace) -> dict[str, Any]:
    """All that a trace holds, in types that compare by value."""
    tables = {
        name: {column.name: list(getattr(table, column.name)) for column in fields(table)}  # type: ignore[arg-type]
        for name, table in trace.tables()
    }
    about = {"meta": dict(trace.meta), "lost": dict(trace.lost), "duration_ns": trace.duration_ns}
    return {**about, "strings": list(trace.strings), **tables}


def sites(lines: list[int]) -> Sites:
    """A table whose strings are the first one."""
    return Sites(array("i", [0] * len(lines)), array("i", lines), array("i", [NONE] * len(lines)))


def steps(times: list[int], tasks: list[int]) -> Steps:
    """A table with any times, as views with gaps between their values, as a recording has them."""
    spaced = memoryview(array("q", [each for time in times for each in (time, 7)]))[::2]
    nobody = (NONE,) * len(times)
    return Steps(spaced, array("q", times), tuple(times), array("i", tasks), nobody, nobody)


def small() -> Trace:
    """A trace with something in three tables."""
    return Trace(
        meta={"clock": "virtual", "params": {"limit": 3, "hold": 0.5, "name": None}},
        duration_ns=4_000_000_000,
        strings=("app.py", "job", "ünï\0\ud800"),
        sites=sites([1, 2, INT32]),
        steps=steps([-5, 0, INT64], [NONE, NONE, NONE]),
        waits=Waits([2], [1], [NONE], [NONE], [2], [NONE]),
        lost={"steps": 12_000},
    )


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A small trace in a file."""
    save(small(), tmp_path / "run.trace")
    return tmp_path / "run.trace"


def rewritten(path: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    """Change the header of a file, with checksums that are right."""
    data = path.read_bytes()
    start = len(tracefile.MAGIC) + tracefile.PREFIX.size
    _, length, _, _ = tracefile.PREFIX.unpack_from(data, len(tracefile.MAGIC))
    header = json.loads(zlib.decompress(data[start : start + length]).decode("utf-8", "surrogatepass"))
    header = change(header) or header
    path.write_bytes(b"".join(tracefile._head(header)) + data[start + length :])


def refused(path: Path) -> AsyncdemoError:
    """The error that loading ends with; it is short and names the file."""
    with pytest.raises(AsyncdemoError) as caught:
        load(path)
    assert str(path) in caught.value.message
    assert len(caught.value.message.splitlines()) <= 4
    return caught.value


def outcome(path: Path) -> Trace | AsyncdemoError:
    """What loading gives."""
    try:
        return load(path)
    except AsyncdemoError as error:
        return error


def test_nothing_is_lost(saved: Path) -> None:
    """A loaded trace equals the saved one in every value, whatever its columns were made of."""
    assert values(load(saved)) == values(small())


def test_an_empty_trace_is_a_trace(tmp_path: Path) -> None:
    """A trace without a single row survives."""
    save(Trace(), tmp_path / "run.trace")
    assert values(load(tmp_path / "run.trace")) == values(Trace())


@in_one_folder
@given(
    times=st.lists(st.integers(-INT64 - 1, INT64) | st.integers(0, 10**9), max_size=50),
    lines=st.lists(st.integers(-INT32 - 1, INT32), max_size=50),
    strings=st.lists(ANY_TEXT, min_size=1),
    meta=st.dictionaries(ANY_TEXT, JSON, max_size=4),
    lost=st.dictionaries(ANY_TEXT, st.integers(), max_size=3),
)
def test_any_values_survive(tmp_path: Path, times: list[int], lines: list[int], **about: Any) -> None:
    """Any numbers that fit, any strings and any meta that JSON can hold come back."""
    about["strings"] = tuple(about["strings"])
    trace = Trace(duration_ns=sum(times), sites=sites(lines), steps=steps(times, [NONE] * len(times)), **about)
    save(trace, tmp_path / "run.trace", force=True)
    assert values(load(tmp_path / "run.trace")) == values(trace)


def test_every_column_survives(tmp_path: Path) -> None:
    """Every column of every table is stored, long columns too, compressible or not."""
    rows = 40_000
    noise = array("q", bytes(index * index * 2654435761 % 251 for index in range(rows * 8)))
    tables = {
        name: table(
            **{
                column: noise if code == "q" else array(code, [index % 3 for index in range(rows)])
                for column, code in schema.schema()[name].items()
            },
        )
        for name, table in schema.tables().items()
    }
    trace = Trace(strings=("a", "b", "c"), **tables)
    save(trace, tmp_path / "run.trace")
    assert values(load(tmp_path / "run.trace")) == values(trace)


def test_the_tables_are_those_of_a_trace() -> None:
    """What is stored is found in the data model itself, with its type codes."""
    assert list(schema.tables()) == [name for name, _ in Trace().tables()]
    assert schema.schema()["steps"] == dict.fromkeys(("ready_ns", "start_ns", "end_ns"), "q") | dict.fromkeys(
        ("task", "wait", "waker"), "i"
    )


def test_loaded_columns_are_read_only(saved: Path) -> None:
    """Nobody can change a loaded trace."""
    with pytest.raises(TypeError):
        load(saved).steps.start_ns[0] = 1  # type: ignore[index]


def test_a_missing_column_is_filled(saved: Path) -> None:
    """A file from before a column or table existed loads, and what only a later asyncdemo knows is passed over."""

    def change(header: dict[str, Any]) -> None:
        tables = header["tables"]
        del tables["pauses"], tables["loops"]["columns"]["thread"]
        for table, column in (("steps", "start_ns"), ("waits", "kind")):
            columns = tables[table]["columns"]
            tables[table]["columns"] = {f"new_{name}" if name == column else name: columns[name] for name in columns}

    rewritten(saved, change)
    trace = load(saved)
    assert list(trace.steps.start_ns) == [NONE, NONE, NONE]
    assert list(trace.waits.kind) == [0]
    assert list(trace.steps.end_ns) == list(small().steps.end_ns)
    assert len(trace.pauses) == 0


def test_a_longer_file_is_a_damaged_one(saved: Path) -> None:
    """Bytes behind the end are not passed over."""
    saved.write_bytes(saved.read_bytes() + b"\0")
    assert "is damaged" in refused(saved).message


def test_a_cut_is_told(saved: Path) -> None:
    """However much of a file is missing, the error says that it is cut short."""
    data = saved.read_bytes()
    for length in [*range(0, len(data), 7), len(data) - 1]:
        saved.write_bytes(data[:length])
        error = refused(saved)
        assert "is cut short" in error.message
        assert error.exit_code == 1


def test_a_newer_file_is_told(saved: Path) -> None:
    """A file of a later format says so and what to do."""
    data = bytearray(saved.read_bytes())
    data[len(tracefile.MAGIC)] = VERSION + 1
    saved.write_bytes(data)
    error = refused(saved)
    assert f"format {VERSION + 1}" in error.message
    assert "pip install --upgrade asyncdemo" in error.message
    assert error.exit_code == 1


@pytest.mark.parametrize("data", [b"{}", b"\x7fELF\0\0", b"asyncdemo tracy\n" + bytes(99)], ids=["json", "elf", "near"])
def test_a_foreign_file_is_told(tmp_path: Path, data: bytes) -> None:
    """What is no trace is called no trace."""
    (tmp_path / "file").write_bytes(data)
    error = refused(tmp_path / "file")
    assert "is no asyncdemo trace" in error.message
    assert error.exit_code == 1


@pytest.mark.parametrize(
    "name", ["missing.trace", ".", "a\0b", "x" * 999], ids=["missing", "folder", "NUL", "long name"]
)
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, name: str) -> None:
    """A name that leads to no readable file is a usage error."""
    assert refused(tmp_path / name).exit_code == 2


def test_a_changed_byte_is_noticed(saved: Path) -> None:
    """A changed byte anywhere is an error: it never gives another trace."""
    data = saved.read_bytes()
    for place in [*range(0, len(data), 7), len(data) - 1]:
        saved.write_bytes(data[:place] + bytes([data[place] ^ 0x41]) + data[place + 1 :])
        assert refused(saved).exit_code == 1


@in_one_folder
@given(data=st.binary(max_size=300), start=st.sampled_from([b"", tracefile.MAGIC]))
def test_any_bytes_are_an_error(tmp_path: Path, data: bytes, start: bytes) -> None:
    """Whatever a file holds, loading it raises nothing but our error."""
    (tmp_path / "file").write_bytes(start + data)
    assert refused(tmp_path / "file").exit_code == 1


@in_one_folder
@given(st.data())
def test_any_header_is_a_trace_or_an_error(tmp_path: Path, data: st.DataObject) -> None:
    """A header with anything anywhere in it, under a right checksum, is a trace or our error, of no absurd size."""
    path = tmp_path / "run.trace"
    save(small(), path, force=True)
    anything = JSON | st.sampled_from([2**31, 2**40, 2**62, -1])

    def change(header: Any) -> Any:
        at = header
        while True:
            keys = list(at) if isinstance(at, dict) else list(range(len(at)))
            if not keys or data.draw(st.integers(0, 5)) == 0:
                return data.draw(anything) if at is header else None
            key = data.draw(st.sampled_from(keys))
            if not isinstance(at[key], dict | list) or data.draw(st.integers(0, 5)) == 0:
                at[key] = data.draw(anything)
                return None
            at = at[key]

    rewritten(path, change)
    result = outcome(path)
    assert result.exit_code == 1 if isinstance(result, AsyncdemoError) else len(result.steps) <= 3


@pytest.mark.parametrize(
    "trace",
    [
        pytest.param(Trace(strings=("a",), sites=Sites([1], [1], [0])), id="a string too far"),
        pytest.param(Trace(strings=("a",), sites=Sites([0], [1], [-2])), id="a string below none"),
        pytest.param(Trace(sites=Sites([0], [1], [NONE])), id="a string where there are none"),
        pytest.param(Trace(steps=steps([1], [0])), id="a task that is not there"),
        pytest.param(Trace(steps=Steps([1], [1], [1], [NONE], [NONE], [-9])), id="an actor that is not there"),
        pytest.param(Trace(waits=Waits([99], [NONE], [NONE], [NONE], [NONE])), id="a wait of no known kind"),
    ],
)
def test_references_lead_somewhere(tmp_path: Path, trace: Trace) -> None:
    """A file whose rows refer to rows that are not there, or whose codes mean nothing, is damaged."""
    save(trace, tmp_path / "run.trace")
    assert "is damaged" in refused(tmp_path / "run.trace").message


@given(st.lists(st.integers(-INT32 - 1, INT32) | st.integers(-9, 9), max_size=9), st.integers(-9, 0), st.integers(0, 9))
def test_the_range_of_a_column_is_checked_exactly(column: list[int], low: int, end: int) -> None:
    """The fast check of many values at a time agrees with the plain one."""
    assert tracefile._within(memoryview(array("i", column)), low, end) == all(low <= each < end for each in column)


@pytest.mark.parametrize("place", [0, tracefile.LANES - 1, tracefile.LANES, 2 * tracefile.LANES], ids=str)
def test_a_wrong_value_is_found_anywhere(place: int) -> None:
    """The check looks at every part of a long column."""
    column = array("i", [0]) * (2 * tracefile.LANES + 1)
    assert tracefile._within(memoryview(column), 0, 1)
    column[place] = 1
    assert not tracefile._within(memoryview(column), 0, 1)


def test_default_names_need_no_string(tmp_path: Path) -> None:
    """A task's default name is a number below none, however large."""
    row: Mapping[str, list[int]] = {column.name: [NONE] for column in fields(Tasks)}
    save(Trace(tasks=Tasks(**{**row, "name": [-INT32], "outcome": [0]})), tmp_path / "run.trace")
    assert load(tmp_path / "run.trace").task_name(0) == f"Task-{INT32 - 1}"


def listing(folder: Path) -> dict[str, bytes | None]:
    """Every file below a folder with its content."""
    return {str(each): each.read_bytes() if each.is_file() else None for each in folder.rglob("*")}


@pytest.mark.parametrize("refuse", [check_writable, lambda path: save(small(), path)], ids=["check_writable", "save"])
@pytest.mark.parametrize(
    ("name", "said"),
    [
        pytest.param("missing/run.trace", "No such file or directory", id="its folder is missing"),
        pytest.param("folder", "it is a folder", id="it is a folder"),
        pytest.param("file", "--force", id="it exists"),
        pytest.param("link", "--force", id="it is a link to a file that exists"),
        pytest.param("file/run.trace", "Not a directory", id="its folder is a file"),
        pytest.param("a\0b", "null", id="its name holds a NUL"),
        pytest.param("x" * 999, "too long", id="its name is too long"),
        pytest.param("pipe", "no ordinary file", id="it is a pipe"),
    ],
)
def test_a_bad_place_is_refused(tmp_path: Path, refuse: Callable[[Path], None], name: str, said: str) -> None:
    """A place that cannot be written to is a usage error that says why, and nothing is made, emptied or left behind."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"precious")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    os.mkfifo(tmp_path / "pipe")
    before = listing(tmp_path)
    with pytest.raises(AsyncdemoError, match=said) as caught:
        refuse(tmp_path / name)
    assert caught.value.exit_code == 2
    assert len(caught.value.message.splitlines()) <= 4
    assert listing(tmp_path) == before


def test_a_folder_without_permission_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When no file can be made next to the trace, it is refused at once, whoever the user is."""

    def forbidden(**_options: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.TemporaryFile", forbidden)
    with pytest.raises(AsyncdemoError, match="Permission denied") as caught:
        check_writable(tmp_path / "run.trace")
    assert caught.value.exit_code == 2


def test_a_good_place_is_left_as_it_was(tmp_path: Path) -> None:
    """The check makes no file, and does not touch one that may be replaced."""
    (tmp_path / "old").write_bytes(b"precious")
    before = listing(tmp_path)
    check_writable(tmp_path / "new")
    check_writable(tmp_path / "old", force=True)
    assert listing(tmp_path) == before


def test_force_replaces_a_file_through_its_link(tmp_path: Path) -> None:
    """With `force` the file itself is replaced, and a link to it stays a link."""
    (tmp_path / "file").write_bytes(b"old")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    save(small(), tmp_path / "link", force=True)
    assert (tmp_path / "link").is_symlink()
    assert values(load(tmp_path / "file")) == values(small())
    assert sorted(each.name for each in tmp_path.iterdir()) == ["file", "link"]


@pytest.mark.parametrize("failing", ["write", "replace"])
def test_a_failure_keeps_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str) -> None:
    """When the disk is full half-way, the old file is still there and nothing else."""

    def full(*_args: object) -> Any:
        raise OSError(28, "No space left on device")

    def half(trace: Trace) -> Any:
        yield bytes(len(trace.strings))
        full()

    (tmp_path / "run.trace").write_bytes(b"precious")
    if failing == "write":
        monkeypatch.setattr(tracefile, "_chunks", half)
    else:
        monkeypatch.setattr(Path, "replace", full)
    before = listing(tmp_path)
    with pytest.raises(AsyncdemoError, match="No space left on device") as caught:
        save(small(), tmp_path / "run.trace", force=True)
    assert caught.value.exit_code == 1
    assert listing(tmp_path) == before


def test_every_reference_names_a_table() -> None:
    """The table of references speaks of columns and tables that exist."""
    columns = {column for table in schema.schema().values() for column in table}
    assert {name.rpartition(".")[2] for name in schema.REFERENCES} <= columns
    assert {target for target, _ in schema.REFERENCES.values()} <= {"strings", *schema.tables()}
    assert set(tracefile.ENUMS) <= columns
    assert model.VERSION == VERSION
