"""The command line: what it accepts, what it refuses and how, and what stdout and stderr hold."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from asyncdemo import __version__, catalog, tracefile
from asyncdemo.cli.concept_options import flag
from asyncdemo.cli.group import COMMANDS
from tests.commands import Asyncdemo, Outcome

ESCAPE = "\x1b"
QUICK = ("--clock", "virtual")


def process(*arguments: str, env: dict[str, str] | None = None) -> Outcome:
    """Runs a command line in a process of its own, its output piped."""
    kept = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "FORCE_COLOR", "COLUMNS"}}
    done = subprocess.run(
        [sys.executable, "-m", "asyncdemo", *arguments],
        env={**kept, "TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8", **(env or {})},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["semaphor"], "did you mean 'semaphore'?", id="a misspelt concept"),
        pytest.param(["frobnicate"], "There is no concept or command 'frobnicate'.", id="a word like no concept"),
        pytest.param(["show", "semaphor"], "did you mean 'semaphore'?", id="show of a misspelt concept"),
        pytest.param(["show"], "Missing argument 'CONCEPT'", id="show of nothing"),
        pytest.param(["run"], "Missing argument 'SCRIPT'", id="run of nothing"),
        pytest.param(["list", "--chapter", "sink"], "Chapters are basics", id="a chapter that is none"),
        pytest.param(["semaphore", "--limit", "0"], "--limit 0 is too small: at least 1", id="a count below its bound"),
        pytest.param(["semaphore", "--tasks", "2M"], "--tasks 2M is too big: at most 1,000,000", id="a count above it"),
        pytest.param(["semaphore", "--limit", "x"], "--limit: 'x' is not a count", id="a word for a count"),
        pytest.param(["semaphore", "--limit", "1.5"], "--limit: '1.5' is not a count", id="a fraction for a count"),
        pytest.param(["semaphore", "--hold", "nan"], "--hold: 'nan' is not a duration", id="nan for a duration"),
        pytest.param(["semaphore", "--hold", "inf"], "--hold: 'inf' is not a duration", id="inf for a duration"),
        pytest.param(["semaphore", "--hold", "-1"], "--hold -1 is too small: at least 0", id="a negative duration"),
        pytest.param(["semaphore", "--limt", "3"], "did you mean --limit?", id="a misspelt option"),
        pytest.param(["semaphore", "--limit"], "--limit needs a value.", id="an option without its value"),
        pytest.param(["semaphore", "three"], "(three)", id="an argument too many"),
        pytest.param(["--nope"], "There is no option --nope.", id="an option of no command"),
        pytest.param(["create-task"], "did you mean 'tasks'?", id="a word of the guide"),
        pytest.param(["tour", "--chapter", "sink"], "Chapters are basics", id="a tour of no chapter"),
        pytest.param(["tour", "--from", "semaphor"], "did you mean 'semaphore'?", id="a tour from nowhere"),
        pytest.param(["tour", "--chapter", "sync", "--from", "gather"], "It is in basics.", id="a tour from elsewhere"),
        pytest.param(["tour", "--clock", "real"], "There is no option --clock", id="a tour by the clock"),
        pytest.param(
            ["context-manager", "--cancel-during", "qery"],
            "--cancel-during: 'qery' is none of enter, query, exit; did you mean query?",
            id="a misspelt choice",
        ),
        pytest.param(
            ["compare", "context-manager:cancel_during=now", "context-manager"],
            "--cancel-during: 'now' is none of enter, query, exit",
            id="a subject's unknown choice",
        ),
        pytest.param(["semaphore", "--scale", "nan"], "--scale: 'nan' is not a number", id="nan for a scale"),
        pytest.param(["semaphore", "--scale", "-1"], "--scale -1 is too small", id="a negative scale"),
        pytest.param(["semaphore", "--timeout", "0"], "--timeout 0 is too small", id="no time at all"),
        pytest.param(["semaphore", "--width", "3"], "--width 3 is too small: at least 20", id="a width of three"),
        pytest.param(["semaphore", "--fps", "0"], "--fps 0 is too small", id="no frames at all"),
        pytest.param(["semaphore", "--seed", "3"], "semaphore uses no random numbers", id="a seed without a use"),
        pytest.param(["semaphore", "--loop", "uvlop"], "did you mean uvloop?", id="a misspelt loop"),
        pytest.param(["semaphore", "-f", "jsn"], "did you mean json?", id="a misspelt format"),
        pytest.param(["semaphore", "-f", "live"], "--format live needs a terminal", id="live without a terminal"),
        pytest.param(["semaphore", "--json", "-q"], "More than one format", id="two formats"),
        pytest.param(["semaphore", "-o", "x.doc"], "names no format", id="an ending that names no format"),
        pytest.param(["semaphore", *QUICK, "--loop", "uvloop"], "uvloop was asked for in virtual", id="virtual uvloop"),
        pytest.param(["executor", *QUICK], "executor needs real threads", id="virtual threads"),
        pytest.param(["signals", *QUICK], "signals needs real signals", id="virtual signals"),
        pytest.param(
            ["semaphore", "--save", "/no/such/folder/x"], "/no/such/folder", id="a place to save that is none"
        ),
        pytest.param(["run", "no-such.py"], "cannot read the script 'no-such.py'", id="a script that is not there"),
        pytest.param(["run", "."], "cannot read the script '.'", id="a folder for a script"),
        pytest.param(["run", "--scale", "2", "x.py"], "There is no option --scale", id="scaling a script"),
        pytest.param(["compare", "serial"], "There is nothing to compare", id="comparing one subject"),
        pytest.param(["compare", "serial", "paralel"], "There is no concept 'paralel'", id="comparing with nothing"),
        pytest.param(
            ["compare", "serial", "concurrent:jbos=3"], "has no option 'jbos'", id="a subject's unknown option"
        ),
        pytest.param(["compare", "serial", "concurrent:jobs=0"], "--jobs 0 is too small", id="a subject's bad value"),
        pytest.param(
            ["compare", "serial", "concurrent@x"], "Loops are asyncio and uvloop", id="a subject's unknown loop"
        ),
        pytest.param(["compare", "serial", "concurrent", "-r", "0"], "--runs 0 is too small", id="no runs at all"),
    ],
)
def test_bad_input_is_refused_in_words(asyncdemo: Asyncdemo, arguments: list[str], said: str) -> None:
    """Bad input gives exit code 2 and at most four lines on stderr that say what is wrong; nothing runs."""
    asyncdemo(*arguments).check_refusal(said)


@pytest.mark.parametrize(
    ("arguments", "params"),
    [
        pytest.param([], {"tasks": 10, "limit": 3, "hold": 1}, id="the guide's numbers by default"),
        pytest.param(["--hold", "50ms"], {"hold": 0.05}, id="milliseconds"),
        pytest.param(["--hold", "2s"], {"hold": 2}, id="seconds with their unit"),
        pytest.param(["--hold", "0.5"], {"hold": 0.5}, id="seconds without a unit"),
        pytest.param(["--hold=0"], {"hold": 0}, id="an equals sign, and the bound itself"),
        pytest.param(["--hold", "2", "--scale", "0.25"], {"hold": 0.5}, id="a scaled duration"),
        pytest.param(
            ["--scale", "3"], {"hold": 3, "limit": 3, "tasks": 10}, id="a scaled default, and no scaled count"
        ),
    ],
)
def test_options_become_parameters(asyncdemo: Asyncdemo, arguments: list[str], params: dict[str, float]) -> None:
    """Options accept units, `--scale` multiplies durations alone, and what is left out is the guide's."""
    outcome = asyncdemo("semaphore", *QUICK, "--json", *arguments)
    assert outcome.code == 0
    assert params.items() <= json.loads(outcome.out)["params"].items()


def test_ten_thousand_tasks_are_written_10k(asyncdemo: Asyncdemo) -> None:
    """Counts accept `10k`."""
    outcome = asyncdemo("semaphore", *QUICK, "--json", "--tasks", "10k", "--limit", "1k", "--hold", "1ms")
    result = json.loads(outcome.out)
    assert result["params"]["tasks"] == 10_000
    assert result["result"]["tasks"]["ok"] == 10_000
    assert result["result"]["wall_ns"] == 10_000_000


def test_virtual_time_is_exact(asyncdemo: Asyncdemo) -> None:
    """Ten tasks, three slots, a second each: four seconds to the nanosecond, as the concept's ideal says."""
    result = json.loads(asyncdemo("semaphore", *QUICK, "--json").out)["result"]
    assert (result["wall_ns"], result["ideal_ns"], result["exit_code"]) == (4_000_000_000, 4_000_000_000, 0)


def test_without_arguments_the_concepts_are_listed(asyncdemo: Asyncdemo) -> None:
    """No arguments are no mistake: every concept stands in the list, with its summary, exit code 0."""
    outcome = asyncdemo()
    assert outcome.code == 0
    assert outcome == asyncdemo("list")
    for each in catalog.concepts():
        assert re.search(rf"^  {each.name} +{re.escape(each.summary)}(?: Not here: .+)?$", outcome.out, re.MULTILINE)


@pytest.mark.parametrize("chapter", ["sync", "Synchronization"])
def test_a_chapter_can_be_listed_alone(asyncdemo: Asyncdemo, chapter: str) -> None:
    """`--chapter` takes the folder's name or the title."""
    out = asyncdemo("list", "--chapter", chapter).out
    assert "semaphore" in out
    assert "taskgroup" not in out


def test_the_list_as_json_has_every_concept(asyncdemo: Asyncdemo) -> None:
    """`list --json` is one array, in the order of the list."""
    listed = json.loads(asyncdemo("list", "--json").out)
    assert [each["name"] for each in listed] == [each.name for each in catalog.concepts()]
    assert all(each["summary"] and each["chapter"] and each["guide"] for each in listed)


def test_the_list_as_json_tells_all_of_a_concept(asyncdemo: Asyncdemo) -> None:
    """Options with their bounds, the ideal time in words, the examples, and what a concept needs."""
    listed = {each["name"]: each for each in json.loads(asyncdemo("list", "--json").out)}
    assert listed["gather"] == {
        "name": "gather",
        "chapter": "basics",
        "summary": "Two fetches one after the other, then three at once.",
        "guide": "2.1 Defining and Executing Coroutines",
        "options": [
            {
                "name": "delay",
                "flag": "--delay",
                "type": "float",
                "default": 2.0,
                "unit": "seconds",
                "minimum": 0,
                "maximum": 86_400,
                "choices": None,
                "help": "seconds that each fetch takes, at least 0",
                "needs": {"real_clock": None},
            }
        ],
        "ideal": "3 times delay",
        "examples": list(catalog.find("gather").examples),
        "needs": {"real_clock": None, "library": None, "extra": None, "server": None, "platform": None},
        "obstacle": None,
    }
    assert listed["signals"]["needs"]["real_clock"] == "signals"
    assert listed["signals"]["needs"]["platform"] == "Unix"
    assert listed["redis"]["needs"]["extra"] == listed["redis"]["needs"]["server"] == "redis"
    choice = next(each for each in listed["context-manager"]["options"] if each["type"] == "choice")
    assert (choice["name"], choice["default"], choice["choices"]) == ("cancel_during", None, ["enter", "query", "exit"])


def test_what_readers_type_instead_is_no_command() -> None:
    """No concept is called like a command, and no word that leads to a concept either."""
    words = {word for each in catalog.concepts() for word in (each.name, *each.also)}
    assert words & set(COMMANDS) == set()


def test_the_list_fits_forty_columns(asyncdemo: Asyncdemo, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a narrow terminal summaries stand under the names, wrapped."""
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setattr("asyncdemo.cli.terminal.is_terminal", lambda _: True)
    monkeypatch.setenv("NO_COLOR", "1")
    lines = asyncdemo("list").out.splitlines()
    assert max(map(len, lines)) < 40
    first = lines.index("  taskgroup")
    assert lines[first + 1 : first + 3] == [
        "    Tasks that end together: when one",
        "    fails, the others are cancelled.",
    ]


@pytest.mark.parametrize("name", [each.name for each in catalog.concepts()])
@pytest.mark.parametrize("columns", ["40", "80"])
def test_show_explains_within_the_width(
    asyncdemo: Asyncdemo, monkeypatch: pytest.MonkeyPatch, name: str, columns: str
) -> None:
    """Every concept's explanation, options and corrections fit 40 and 80 columns; its code stays as it is."""
    monkeypatch.setenv("COLUMNS", columns)
    concept = catalog.find(name)
    out = asyncdemo("show", name).out
    told, _, code = out.partition("\nSource\n")
    assert max(map(len, told.splitlines())) <= int(columns)
    assert concept.guide.split()[0] in told
    assert all(f"--{option.name.replace('_', '-')}" in told for option in concept.options)
    assert code.rpartition("\n\nRun it")[0].partition("\n\nSource of --work")[0] in concept.source
    assert ESCAPE not in out


def test_show_writes_what_stdout_can_encode() -> None:
    """Where only ASCII will do, the explanation is shown all the same."""
    outcome = process("show", "gather", env={"PYTHONIOENCODING": "ascii"})
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith("gather  Two fetches")


def test_show_says_what_a_concept_needs(asyncdemo: Asyncdemo) -> None:
    """Real signals, threads or processes, and Unix, stand beside the section of the guide."""
    assert "guide 7.4 Asynchronous Signal Handling, real signals, Unix only\n" in asyncdemo("show", "signals").out
    assert "guide 3.2 Asynchronous Semaphore\n" in asyncdemo("show", "semaphore").out


def test_show_highlights_where_there_is_colour(asyncdemo: Asyncdemo) -> None:
    """`--color always` colours the source."""
    assert ESCAPE in asyncdemo("show", "semaphore", "--color", "always").out


@pytest.mark.parametrize("name", [each.name for each in catalog.concepts()])
def test_show_tells_all_that_the_file_says(asyncdemo: Asyncdemo, name: str) -> None:
    """Guide section, corrections, ideal time in words, what options can be, examples, and the whole source."""
    concept = catalog.find(name)
    out = " ".join(asyncdemo("show", name).out.split())
    told = [concept.summary, concept.guide, concept.watch, *concept.corrections, *concept.examples]
    told += [*concept.prose.split("\n\n"), concept.ideal_in_words() or "", *concept.source.splitlines()[-2:]]
    told += [f"{each.help}: {', '.join(each.choices)}" for each in concept.options if each.type == "choice"]
    assert [text for text in told if " ".join(text.split()) not in out] == []


@pytest.mark.parametrize("name", [each.name for each in catalog.concepts()])
def test_help_tells_what_there_is_to_try(asyncdemo: Asyncdemo, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """`--help` has the explanation, the options and the examples within 80 columns; brackets in it are brackets."""
    monkeypatch.setenv("COLUMNS", "80")
    concept = catalog.find(name)
    out = asyncdemo(name, "--help").out
    words = " ".join(out.replace("│", " ").split())
    told = [concept.summary, concept.watch, *concept.prose.split("\n\n"), *concept.examples]
    assert [text for text in told if " ".join(text.split()) not in words] == []
    assert all(f"  {example}" in out for example in concept.examples)
    assert all(flag(option) in out for option in concept.options)
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize("command", ["list", "show", "tour", "compare", "bench", "run", "semaphore"])
def test_every_command_explains_itself(asyncdemo: Asyncdemo, command: str) -> None:
    """`--help` tells the usage, exit code 0."""
    outcome = asyncdemo(command, "--help")
    assert outcome.code == 0
    assert f"asyncdemo {command}" in outcome.out


def test_help_states_options_bounds_and_defaults(asyncdemo: Asyncdemo, monkeypatch: pytest.MonkeyPatch) -> None:
    """A concept's help has its own options with their defaults, and the run options."""
    monkeypatch.setenv("COLUMNS", "120")
    out = asyncdemo("semaphore", "--help").out
    for said in ("--limit", "at least 1", "[default: 3]", "[default: 1s]", "--clock", "--save"):
        assert said in out


def test_the_json_is_alone_on_stdout() -> None:
    """`--json` is exactly one object, whatever the program, its threads and its child processes print."""
    outcome = process("executor", "--scale", "0.01", "--json")
    assert outcome.code == 0
    assert json.loads(outcome.out)["schema"] == "asyncdemo/1"


def test_ndjson_begins_with_a_header_and_ends_with_a_summary() -> None:
    """`-f ndjson` writes an object a line."""
    outcome = process("semaphore", *QUICK, "-f", "ndjson")
    events = [json.loads(line)["event"] for line in outcome.out.splitlines()]
    assert (events[0], events[-1]) == ("header", "summary")
    assert events.count("acquired") == 10


def test_quiet_leaves_the_program_alone_on_stdout() -> None:
    """`-q` shows what the file shows that is run by itself."""
    outcome = process("semaphore", *QUICK, "-q", "--tasks", "1")
    assert outcome == Outcome(0, "Task 0 acquired resource\nTask 0 released resource\nTotal time: 1.00 seconds\n", "")


def test_plain_tells_events_then_the_picture() -> None:
    """Off a terminal events come as lines, the program's own among them, then the final picture; no escape codes."""
    outcome = process("semaphore", *QUICK)
    assert outcome.code == 0
    assert "+1.000s Task 3  acquired Semaphore after 1.00 s" in outcome.out
    assert "| Task 3 acquired resource" in outcome.out
    assert "10 ok" in outcome.out
    assert ESCAPE not in outcome.out
    assert outcome.err == ""


def test_a_result_can_go_to_a_file(asyncdemo: Asyncdemo, tmp_path: Path) -> None:
    """With `-o` the ending names the format, and stdout is the program's."""
    file = tmp_path / "out.json"
    outcome = asyncdemo("semaphore", *QUICK, "-o", str(file), "--tasks", "1")
    assert outcome.code == 0
    assert "Task 0 acquired resource" in outcome.out
    assert json.loads(file.read_text(encoding="utf-8"))["params"]["tasks"] == 1


def test_a_trace_is_saved_and_not_overwritten(asyncdemo: Asyncdemo, tmp_path: Path) -> None:
    """`--save` writes what can be loaded; a file that is there stays as it is unless `--force` says otherwise."""
    file = tmp_path / "run.trace"
    assert asyncdemo("semaphore", *QUICK, "-q", "--save", str(file)).code == 0
    assert tracefile.load(file).duration_ns == 4_000_000_000
    saved = file.read_bytes()
    refused = asyncdemo("semaphore", *QUICK, "-q", "--save", str(file))
    assert (refused.code, refused.out) == (2, "")
    assert "--force" in refused.err
    assert file.read_bytes() == saved
    assert asyncdemo("semaphore", *QUICK, "-q", "--save", str(file), "--force", "--tasks", "3").code == 0
    assert tracefile.load(file).duration_ns == 1_000_000_000


def test_comparing_in_virtual_time_is_exact(asyncdemo: Asyncdemo) -> None:
    """Five jobs of 0.2 s: one by one take five times as long as together, and it says so."""
    outcome = asyncdemo("compare", "serial", "concurrent", *QUICK, "--jobs", "5", "--delay", "0.2", "--json")
    assert outcome.code == 0
    document = json.loads(outcome.out)
    assert [each["median_ns"] for each in document["subjects"]] == [1_000_000_000, 200_000_000]
    assert document["ratios"][0]["times_faster"] == 5


def test_a_shared_option_leaves_a_subjects_own_alone(asyncdemo: Asyncdemo) -> None:
    """What stands with a subject wins over the shared option, and the other options keep their own defaults."""
    outcome = asyncdemo("compare", "serial:jobs=2", "concurrent", *QUICK, "--jobs", "4", "--delay", "1", "--json")
    assert [each["median_ns"] for each in json.loads(outcome.out)["subjects"]] == [2_000_000_000, 1_000_000_000]


def test_a_comparison_says_what_it_takes_to_repeat_it(asyncdemo: Asyncdemo) -> None:
    """A seed is made up where none was given, and stands in the result with what it ran on."""
    made_up = json.loads(asyncdemo("compare", "serial", "concurrent", *QUICK, "--json").out)
    assert isinstance(made_up["seed"], int)
    assert {"python", "platform", "cpu", "cpus", "load", "timer_resolution_ns", "loops", "clock"} <= made_up[
        "env"
    ].keys()
    assert "seed 7" in asyncdemo("compare", "serial", "concurrent", *QUICK, "--seed", "7").out


def test_a_comparison_that_takes_too_long_is_interrupted(asyncdemo: Asyncdemo) -> None:
    """After `--timeout` a comparison ends with exit code 124 and says so."""
    outcome = asyncdemo("compare", "serial", "serial", "--delay", "30", "--timeout", "200ms")
    assert (outcome.code, outcome.out) == (124, "")
    assert "--timeout 200 ms: the comparison takes longer." in outcome.err


@pytest.mark.parametrize(
    ("arguments", "title"),
    [
        pytest.param(["semaphore"], "semaphore  limit 3 · hold 1 s · 10 tasks", id="durations have a unit"),
        pytest.param(["semaphore", "--hold", "50ms"], "semaphore  hold 50 ms · limit 3 · 10 tasks", id="changed first"),
        pytest.param(["taskgroup"], "taskgroup  delay 1 s · jobs 3 · 3 tasks", id="what is off goes without saying"),
        pytest.param(["decorators", "--success-rate", "0"], "decorators  success rate 0 · 1 task", id="a round number"),
        pytest.param(["decorators"], "decorators  success rate 0.9 · 1 task", id="one with decimals"),
        pytest.param(["taskgroup", "--fail", "2"], "taskgroup  fail 2 · delay 1 s · 3 tasks", id="what is on"),
        pytest.param(
            ["context-manager", "--cancel-during", "exit"], "context-manager  cancel during exit", id="what was chosen"
        ),
    ],
)
def test_the_title_says_what_matters(asyncdemo: Asyncdemo, arguments: list[str], title: str) -> None:
    """The first line of a picture names the options that are in force, those that were changed first."""
    assert title in asyncdemo(*arguments, *QUICK).out


def test_at_one_instant_lines_follow_the_steps(asyncdemo: Asyncdemo) -> None:
    """In virtual time what a step printed, its task's end and the next task's turn come in the order of the steps."""
    lines = [line[8:] for line in asyncdemo("semaphore", "--tasks", "2", "--limit", "1", *QUICK).out.splitlines()[:9]]
    assert lines == [
        "Task 0  acquired Semaphore",
        "Task 0  | Task 0 acquired resource",
        "Task 0  | Task 0 released resource",
        "Task 0  done",
        "Task 1  acquired Semaphore after 1.00 s",
        "Task 1  | Task 1 acquired resource",
        "Task 1  | Task 1 released resource",
        "Task 1  done",
        "main    | Total time: 2.00 seconds",
    ]


def test_a_comparison_is_drawn(asyncdemo: Asyncdemo) -> None:
    """Without `--json` the figures and timelines are drawn, and nothing that the subjects print is among them."""
    outcome = asyncdemo("compare", "serial", "concurrent", *QUICK)
    assert "concurrent is 5.00x faster than serial" in outcome.out
    assert "fetch 1 done" not in outcome.out


def test_the_version_is_printed() -> None:
    """`--version` answers without importing what other commands need."""
    code = "import sys; sys.argv[1:] = ['--version']; from asyncdemo.__main__ import main; main(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    version, modules = done.stdout.splitlines()
    assert version == f"asyncdemo {__version__}"
    assert not {"typer", "asyncio", "rich", "typing"} & set(modules.split())


def test_the_list_imports_little() -> None:
    """`list` imports no library that only other commands need."""
    code = "import sys; from asyncdemo.cli.main import run; run(['list']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules = set(done.stdout.splitlines()[-1].split())
    assert not {"aiohttp", "uvloop", "asyncio", "rich.console", "rich.live", "pydantic"} & modules


def test_a_fault_of_our_own_asks_for_a_report(asyncdemo: Asyncdemo, monkeypatch: pytest.MonkeyPatch) -> None:
    """What should not happen is one error too, exit code 1; `-v` adds its traceback."""

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("asyncdemo.cli.concept.run_concept", broken)
    outcome = asyncdemo("semaphore", *QUICK, "-q")
    assert outcome.code == 1
    assert "ZeroDivisionError: a bug" in outcome.err
    assert "Traceback" not in outcome.err
    assert "Traceback" in asyncdemo("semaphore", *QUICK, "-q", "-v").err


class TestSurroundings:
    """What stdout and the environment ask for is honoured."""

    def test_no_color_wins_over_force_color(self) -> None:
        """NO_COLOR means no escape codes, whatever FORCE_COLOR says."""
        outcome = process("semaphore", *QUICK, env={"NO_COLOR": "1", "FORCE_COLOR": "1"})
        assert outcome.code == 0
        assert ESCAPE not in outcome.out

    def test_force_color_into_a_pipe_colours_and_never_animates(self) -> None:
        """FORCE_COLOR brings colours into a pipe, but no cursor movement and no alternate screen."""
        out = process("semaphore", *QUICK, env={"FORCE_COLOR": "1"}).out
        assert f"{ESCAPE}[3" in out
        assert set(re.findall(r"\x1b\[[0-9;?]*([A-Za-z])", out)) == {"m"}

    def test_color_always_wins_over_no_color(self) -> None:
        """What is asked for on the command line goes before the environment."""
        assert ESCAPE in process("semaphore", *QUICK, "--color", "always", env={"NO_COLOR": "1"}).out

    @pytest.mark.parametrize(
        "asked", [pytest.param(["--ascii"], id="by --ascii"), pytest.param([], id="by the encoding of stdout")]
    )
    def test_ascii_is_all_that_is_written(self, asked: list[str]) -> None:
        """Where only ASCII will do, pictures are drawn with it."""
        env = {} if asked else {"PYTHONIOENCODING": "ascii"}
        outcome = process("semaphore", *QUICK, *asked, env=env)
        assert outcome.code == 0
        assert outcome.out.isascii()
        assert "#####" in outcome.out

    @pytest.mark.parametrize("columns", [40, 60, 100])
    def test_a_picture_keeps_to_its_width(self, columns: int) -> None:
        """COLUMNS is honoured, and nothing stands in the last column."""
        out = process("semaphore", *QUICK, env={"COLUMNS": str(columns)}).out
        picture = out[out.index("semaphore  ") :].splitlines()
        assert columns - 12 < max(map(len, picture)) < columns

    def test_a_closed_stdout_ends_quietly(self) -> None:
        """`| head -1` of more than a pipe holds: exit code 141 and not a word on stderr."""
        command = f'{sys.executable} -m asyncdemo semaphore --clock virtual --tasks 2k; echo "code $?" >&2'
        done = subprocess.run(
            ["bash", "-c", f"({command}) | head -1"], capture_output=True, text=True, check=True, timeout=60
        )
        assert done.stdout.count("\n") == 1
        assert done.stderr == "code 141\n"

    def test_a_list_into_a_closed_pipe_ends_quietly(self) -> None:
        """The same for what is printed without a run."""
        command = f'sleep 0.5; {sys.executable} -m asyncdemo list; echo "code $?" >&2'
        done = subprocess.run(
            ["bash", "-c", f"({command}) | true"], capture_output=True, text=True, check=True, timeout=60
        )
        assert done.stderr == "code 141\n"
