"""The catalog: which concepts there are, what their files say, and how a broken file is reported."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from asyncdemo import catalog
from asyncdemo.catalog import formula, wording
from asyncdemo.catalog.reading import read
from asyncdemo.errors import AsyncdemoError

CONCEPT = '''"""Something waits.

A first paragraph
over two lines.

A second one.

Watch: The lane
    of the task.
Guide: 3.10 Something
Also: some-thing, waits
Correction: The guide is wrong.
Correction: Twice.
Example: asyncdemo some-thing --loud
Example: asyncdemo some-thing
    --jobs 3
Ideal: jobs * pause, and what chance adds
"""

import asyncio


async def main(
    jobs: int = 2,  # how many there are, at least 1, at most 10k
    pause: float = 1,  # seconds between them, at least 0
    rate: float = 0.5,  # share that fails, at least 0, at most 1
    after: float | None = None,  # seconds until it ends, at least 0.001, at most 60
    *,
    loud: bool = False,  # says more
    where: Literal["here", "there"] | None = None,  # in which place
    pace: Literal["slow", "fast"] = "slow",  # how it goes
    beside: bool = False,  # runs beside the loop, needs real threads
) -> None:
    await asyncio.sleep(pause)
'''


def concept_file(folder: Path, text: str = CONCEPT, name: str = "some_thing") -> Path:
    """A concept's file in the chapter `sync` of `folder`."""
    path = folder / "sync" / f"{name}.py"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_concepts_come_in_the_order_of_the_guide() -> None:
    """The list goes by chapter, and within a chapter by the guide's sections."""
    names = dict.fromkeys(each.name for each in catalog.concepts())
    first = ["gather", "serial", "concurrent", "semaphore", "condition", "executor", "taskgroup", "signals"]
    assert [name for name in names if name in first] == first


def test_sections_are_ordered_as_numbers(tmp_path: Path) -> None:
    """Section 3.10 comes after 3.2 and 3.2.1, and adding a concept takes its file alone."""
    for name, section in [("a", "3.10"), ("b", "3.2.1"), ("c", "3.2")]:
        concept_file(tmp_path, CONCEPT.replace("3.10", section), name)
    assert [each.name for each in catalog.concepts(tmp_path)] == ["c", "b", "a"]


def test_the_list_is_cheap() -> None:
    """Listing the concepts imports none of them, nor asyncio, nor any of the modules that take Python apart."""
    code = "import sys; from asyncdemo import catalog; catalog.concepts(); print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"ast", "tokenize", "inspect", "dataclasses", "asyncio"} & set(modules)
    assert not [name for name in modules if name.startswith("asyncdemo.concepts")]


def test_chapters_have_titles_and_every_concept_has_a_chapter() -> None:
    """A concept's chapter is one of the list, and no folder of concepts lies beside the chapters."""
    folders = [chapter.folder for chapter in catalog.chapters()]
    assert folders[:3] == ["basics", "sync", "iteration"]
    assert folders[-1] == "choosing"
    assert all(chapter.title for chapter in catalog.chapters())
    concepts = Path(catalog.__file__).parents[1] / "concepts"
    assert {path.parent.name for path in concepts.glob("*/*.py")} <= set(folders)


def test_no_two_concepts_answer_to_one_word() -> None:
    """Names and what readers may type instead are all different, so a suggestion has one meaning."""
    words = Counter(word for each in catalog.concepts() for word in (each.name, *each.also))
    assert [word for word, times in words.items() if times > 1] == []


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    """Everything that a concept's file says is found: its texts, its options with their bounds, its formula."""
    concept = read(concept_file(tmp_path))
    assert (concept.name, concept.chapter, concept.summary) == ("some-thing", "sync", "Something waits.")
    assert concept.prose == "A first paragraph over two lines.\n\nA second one."
    assert (concept.watch, concept.guide) == ("The lane of the task.", "3.10 Something")
    assert concept.corrections == ("The guide is wrong.", "Twice.")
    assert concept.also == ("some-thing", "waits")
    assert concept.examples == ("asyncdemo some-thing --loud", "asyncdemo some-thing --jobs 3")
    assert (concept.ideal, concept.ideal_more) == ("jobs * pause", "what chance adds")
    assert concept.ideal_in_words() == "jobs times pause, and what chance adds"
    assert concept.source == CONCEPT
    assert concept.module == "asyncdemo.concepts.sync.some_thing"
    assert (concept.real_only, concept.library, concept.extra, concept.server, concept.platform) == (None,) * 5
    numbers = {"jobs": 2, "pause": 1.0, "rate": 0.5, "after": None}
    words = {"loud": False, "where": None, "pace": "slow", "beside": False}
    assert concept.defaults() == numbers | words
    assert [(each.name, each.type, each.unit, each.minimum, each.maximum) for each in concept.options] == [
        ("jobs", "int", None, 1, 10_000),
        ("pause", "float", "seconds", 0, 86_400),
        ("rate", "float", None, 0, 1),
        ("after", "float", "seconds", 0.001, 60),
        ("loud", "bool", None, None, None),
        ("where", "choice", None, None, None),
        ("pace", "choice", None, None, None),
        ("beside", "bool", None, None, None),
    ]
    assert [each.choices for each in concept.options[5:7]] == [("here", "there"), ("slow", "fast")]
    assert concept.options[0].help == "how many there are, at least 1, at most 10k"


def test_a_way_of_doing_jobs_can_do_every_work(tmp_path: Path) -> None:
    """A sleep that can be exchanged makes a choice of works, and an option for the server of one of them."""
    concept = read(concept_file(tmp_path, CONCEPT.replace("    *,", "    work: Work = asyncio.sleep,  # what is done")))
    (work,) = (each for each in concept.options if each.type == "work")
    assert (work.name, work.default, work.choices[0]) == ("work", "sleep", "sleep")
    assert work.choices[1:] == tuple(each.name for each in concept.works)
    assert concept.options[-1].type == "url"
    assert concept.server is None
    assert {each.name for each in concept.works if concept.server_for({"work": each.name})} == {"http"}


@pytest.mark.parametrize(
    ("work", "idle"), [("sleep", {"url"}), ("http", set()), ("mixed", {"url"}), ("cpu", {"delay", "url"})]
)
def test_a_work_may_have_no_use_for_an_option(work: str, idle: set[str]) -> None:
    """Computing takes no delay, and only requests need a server."""
    assert catalog.find("serial").idle({"work": work}) == idle


def test_a_summary_says_the_same_as_the_whole_file() -> None:
    """What the list reads from the head of a file agrees with the file read whole."""
    for summary in catalog.concepts():
        concept = catalog.find(summary.name)
        assert summary[:4] == (concept.name, concept.chapter, concept.summary, concept.guide)
        assert summary.also == concept.also
        assert summary.path == concept.path


def test_a_trailing_underscore_is_no_part_of_the_name() -> None:
    """A file that would hide a standard module has an underscore that its command has not."""
    concept = catalog.find("concurrent")
    assert concept.path.name == "concurrent_.py"
    assert concept.module == "asyncdemo.concepts.basics.concurrent_"


@pytest.mark.parametrize(
    ("name", "kind"),
    [("gather", None), ("semaphore", None), ("taskgroup", None), ("executor", "threads"), ("signals", "signals")],
)
def test_what_needs_real_time_is_seen(name: str, kind: str | None) -> None:
    """A concept that calls for threads, processes or signals says so, and why."""
    assert catalog.find(name).real_only == kind


def test_a_library_that_one_choice_needs_is_seen(tmp_path: Path) -> None:
    """It is not what the concept is about: only who makes that choice has to have it."""
    text = CONCEPT.replace("how it goes", "how it goes; fast needs asyncdemo[speed]")
    concept = read(concept_file(tmp_path, f"{text}    import numpy\n"))
    assert (concept.library, concept.optional, concept.real_only) == (None, "numpy", None)
    option = concept.extra_option({"pace": "fast"})
    assert option
    assert (option.name, option.extra) == ("pace", ("fast", "speed"))
    assert concept.extra_option({"pace": "slow"}) is None
    assert concept.extra_option({}) is None


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        ("await asyncio.to_thread(print)", "threads"),
        ("ProcessPoolExecutor()", "processes"),
        ("await asyncio.create_subprocess_exec('ls')", "processes"),
        ("signal.signal(2, print)", "signals"),
        ("await asyncio.open_connection()", "sockets"),
        ("signal = asyncio.Event()", None),
    ],
)
def test_calls_decide_whether_real_time_is_needed(call: str, kind: str | None, tmp_path: Path) -> None:
    """A call to what does not obey a virtual clock is found wherever it stands; a mere name is none."""
    concept = read(concept_file(tmp_path, CONCEPT.replace(", needs real threads", "") + f"    {call}\n"))
    assert concept.real_only == kind


@pytest.mark.parametrize(
    ("params", "option"), [({}, None), ({"beside": True}, "beside"), ({"beside": False, "loud": True}, None)]
)
def test_an_option_alone_can_need_real_time(params: dict[str, bool], option: str | None, tmp_path: Path) -> None:
    """What an option says it needs is needed with that option, and the concept runs in virtual time without it."""
    concept = read(concept_file(tmp_path, f"{CONCEPT}    await asyncio.to_thread(print)\n"))
    needing = concept.real_option(params)
    assert concept.real_only is None
    assert (needing and needing.name) == option
    assert needing is None or needing.needs == "threads"


def test_an_option_speaks_for_its_own_kind_alone(tmp_path: Path) -> None:
    """An option that needs threads leaves it to the whole concept to need signals."""
    calls = "    await asyncio.to_thread(print)\n    signal.raise_signal(2)\n"
    assert read(concept_file(tmp_path, CONCEPT + calls)).real_only == "signals"


def test_what_else_a_concept_needs_is_seen(tmp_path: Path) -> None:
    """A library that does not come with Python, and functions that only Unix has, are found in the source."""
    text = (
        CONCEPT.replace("import asyncio", "import asyncio\nimport aiohttp.web")
        + "    loop.add_signal_handler(2, print)\n"
    )
    concept = read(concept_file(tmp_path, text))
    assert (concept.library, concept.platform) == ("aiohttp", "Unix")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("create-task", "tasks"),
        ("wait-for", "timeout"),
        ("add-done-callback", "callbacks"),
        ("uvloop", "loop"),
        ("retry", "decorators"),
        ("create_task", "tasks"),
        ("asyncio.gather", "gather"),
        ("semaphor", "semaphore"),
        ("Semaphore", "semaphore"),
        ("task-group", "taskgroup"),
        ("run_in_executor", "executor"),
        ("to-thred", "to-thread"),
        ("notify", "condition"),
        ("add_signal_handler", "signals"),
    ],
)
def test_an_unknown_concept_is_refused_with_the_near_one(typed: str, meant: str) -> None:
    """A slip, or the guide's own word for it, is answered with the concept's name and exit code 2."""
    with pytest.raises(AsyncdemoError, match=f"did you mean '{meant}'") as caught:
        catalog.find(typed)
    assert caught.value.exit_code == 2


def test_what_is_near_nothing_gets_no_suggestion() -> None:
    """Without a near name the message only says where to look."""
    with pytest.raises(AsyncdemoError) as caught:
        catalog.find("zebra")
    assert caught.value.message == "There is no concept 'zebra'.\n`asyncdemo list` shows all concepts."


def test_other_commands_can_be_near_too() -> None:
    """Whoever has more words than concepts gets suggestions among all of them."""
    assert catalog.near("lisst", ["list", "show"]) == "list"
    assert catalog.near("semaphor", ["list", "show"]) == "semaphore"


@pytest.mark.parametrize(
    ("right", "wrong", "line", "message"),
    [
        pytest.param('"""Something waits.\n', '"""\n', 1, "summary", id="no summary"),
        pytest.param("Watch: The lane\n    of the task.\n", "", 1, "no `Watch:` line", id="no watch line"),
        pytest.param("Guide: 3.10 Something\n", "", 1, "no `Guide:` line", id="no section"),
        pytest.param("Correction: Twice", "Corection: Twice", 13, "indented or starts with", id="misspelt label"),
        pytest.param("Also: some-thing", "Guide: 3.1 Else", 11, "a second `Guide:`", id="label twice"),
        pytest.param("jobs * pause", "jobs * hold", 17, "'hold' is neither a parameter", id="unknown name"),
        pytest.param("jobs * pause", "jobs ** pause", 17, "no Pow", id="not arithmetic"),
        pytest.param("jobs * pause", "jobs +", 17, "no formula", id="formula cut off"),
        pytest.param("jobs * pause", "jobs / (jobs - jobs)", 17, "division by zero", id="formula without a value"),
        pytest.param(
            "some-thing --loud", "thing --loud", 14, "begin with `asyncdemo some-thing`", id="strange example"
        ),
        pytest.param("] | None = None,  # in", "] | None = 'no',  # in", 30, "one of here, there", id="no choice"),
        pytest.param('["slow", "fast"]', "[1, 2]", 31, "a Literal of words", id="choices that are no words"),
        pytest.param('= "slow"', "= None", 31, "one of slow, fast", id="no choice at all"),
        pytest.param("async def main(", "async def run(", 1, "`async def main`", id="no main"),
        pytest.param("    *,", "    *more: int,", 23, "by keyword", id="more arguments"),
        pytest.param("  # how many there are, at least 1, at most 10k", "", 24, "no help", id="no comment"),
        pytest.param("at least 1, at most 10k", "or so", 24, "'at least ...'", id="no lower bound"),
        pytest.param("seconds between them", "time between them", 25, "'seconds'", id="no unit"),
        pytest.param("jobs: int = 2", "jobs: int = 0", 24, "out of its bounds", id="default too small"),
        pytest.param("rate: float = 0.5", "rate: float = 2", 26, "out of its bounds", id="default too big"),
        pytest.param("jobs: int = 2", "jobs: int = 2.5", 24, "a whole number", id="fraction of a count"),
        pytest.param("jobs: int = 2", "jobs: int = print", 24, "plain value", id="default is computed"),
        pytest.param("jobs: int = 2", "jobs: int", 24, "plain value", id="no default"),
        pytest.param("pause: float = 1", "pause: float = None", 25, "a number", id="none without saying so"),
        pytest.param("loud: bool = False", "loud: bool = True", 29, "a flag is off", id="flag that is on"),
        pytest.param("pause: float = 1", "work: Work = print", 25, "asyncio.sleep, or time.sleep", id="strange work"),
        pytest.param("jobs: int = 2", "jobs: list = 2", 24, "int, float, bool or a Literal", id="strange type"),
        pytest.param("jobs: int = 2", "jobs = 2", 24, "int, float, bool or a Literal", id="no type"),
        pytest.param("how it goes", "how; fast needs asyncdemo[x]", 1, "imports a library, and only then", id="extra"),
        pytest.param("how it goes", "how; odd needs asyncdemo[x]", 31, "'odd', which needs an extra", id="no word"),
        pytest.param("    await", "    import numpy\n    await", 1, "imports numpy, and only then", id="no extra"),
        pytest.param("import asyncio\n", "import\n", 20, "", id="no Python"),
    ],
)
def test_a_broken_file_is_reported_with_its_line(
    right: str, wrong: str, line: int, message: str, tmp_path: Path
) -> None:
    """A concept's file that breaks a rule gets one error that names the file, the line and the rule."""
    assert CONCEPT.count(right) == 1
    path = concept_file(tmp_path, CONCEPT.replace(right, wrong))
    with pytest.raises(AsyncdemoError) as caught:
        read(path)
    assert caught.value.message.startswith(f"{path}:{line}: ")
    assert message in caught.value.message
    assert caught.value.exit_code == 1


def test_a_head_without_summary_or_section_is_reported_by_the_list(tmp_path: Path) -> None:
    """The list, too, names the file that it cannot place."""
    path = concept_file(tmp_path, CONCEPT.replace("Guide: ", "Section "))
    with pytest.raises(AsyncdemoError) as caught:
        catalog.concepts(tmp_path)
    assert caught.value.message.startswith(f"{path}:1: ")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("ceil(tasks / limit) * hold", 4.0),
        ("max(tasks, limit) - min(tasks, limit)", 7.0),
        ("tasks // limit", 3.0),
        ("hold if limit else tasks", 1.0),
        ("hold if none else None", None),
        ("hold if word == 'one' else 0", 1.0),
        ("hold if word != 'one' or not limit < tasks else 2 * hold", 2.0),
        ("(hold if tasks >= 10 and limit <= 3 else 0) + (hold if limit > 3 else 0)", 1.0),
    ],
)
def test_a_formula_is_arithmetic_over_the_parameters(text: str, value: float | None) -> None:
    """Formulas have names, numbers, the four operations, ceil, max, min, and a choice by conditions."""
    assert formula.value(text, {"tasks": 10, "limit": 3, "hold": 1.0, "none": None, "word": "one"}) == value


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')",
        "tasks.real",
        "[tasks][0]",
        "(lambda: 1)()",
        "tasks ** tasks",
        "tasks = 1",
        "'a' * tasks",
        "'a'",
        "-tasks",
        "tasks in (1, 2)",
        "x",
        "",
    ],
)
def test_a_formula_is_nothing_else(text: str) -> None:
    """Whatever could reach beyond the parameters, or take for ever, is refused unevaluated."""
    with pytest.raises(ValueError, match=r"formula|parameter"):
        formula.value(text, {"tasks": 10})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hold", "hold"),
        ("ceil(tasks / limit) * hold", "(tasks divided by limit, rounded up) times hold"),
        ("a * b + c * d", "a times b plus c times d"),
        ("a - (b - c)", "a minus (b minus c)"),
        ("(a + b) * c // d", "(a plus b) times c divided without remainder by d"),
        ("a + max(b, c)", "a plus (the larger of b and c)"),
        ("min(a, b, c + 1)", "the smallest of a, b and (c plus 1)"),
        ("wait / 2 if no_lock else wait", "wait divided by 2 if no-lock, otherwise wait"),
        ("a if cancel == 'enter' else None", "a if cancel is enter, otherwise not known"),
        ("a if b >= 2 and not c else 0", "a if b is at least 2 and (not c), otherwise 0"),
    ],
)
def test_a_formula_can_be_read_out(text: str, said: str) -> None:
    """In words a formula means the same: what binds closer stands in parentheses unless it is a plain product."""
    assert wording.words(text) == said


def test_the_ideal_time_takes_defaults_for_what_is_not_given() -> None:
    """`ideal_s` needs the parameters that differ from their defaults alone."""
    semaphore = catalog.find("semaphore")
    assert semaphore.ideal_s({}) == 4.0
    assert semaphore.ideal_s({"limit": 5}) == 2.0
    assert catalog.find("executor").ideal_s({}) == 2.0
    assert catalog.find("signals").ideal_s({"after": 3}) == 4.0
