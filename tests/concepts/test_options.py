"""The commands of the concepts: every option of every concept, and every example."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterator

import pytest

from asyncdemo import catalog
from asyncdemo.catalog.concept import Option
from asyncdemo.catalog.parameters import LONGEST_S
from asyncdemo.cli import bench, compare, main, run_options
from asyncdemo.cli.concept_options import flag
from asyncdemo.cli.obstacles import obstacle
from tests.concepts.aside import Aside
from tests.concepts.conftest import runnable

CONCEPTS = [catalog.find(each.name) for each in catalog.concepts()]
OPTIONS = [pytest.param(c.name, o, id=f"{c.name} {flag(o)}") for c in CONCEPTS for o in c.options]
EXAMPLES = [(concept, example) for concept in CONCEPTS for example in concept.examples]
VIRTUAL = [example for _, example in EXAMPLES if "--clock virtual" in example]
REAL = [(concept, example) for concept, example in EXAMPLES if example not in VIRTUAL]


def bad_values(option: Option) -> Iterator[tuple[str, str]]:
    """What somebody may write behind an option that it does not accept, and a word of the answer to it."""
    if option.type == "bool":
        yield "yes", "does not take a value"
        return
    if option.type in {"choice", "work"}:
        yield "nonsense", ", ".join(option.choices)
        return
    if option.type == "url":
        yield "nonsense", str(option.default)
        yield str(option.default).replace("127.0.0.1", "user:password@"), "***@"
        yield "ftp://127.0.0.1", str(option.default)
        return
    kind = "count" if option.type == "int" else "duration" if option.unit == "seconds" else "number"
    yield "nonsense", f"is not a {kind}"
    yield "nan", f"is not a {kind}"
    if option.minimum is not None:
        yield f"{option.minimum - 1:.0f}", "is too small"
    if option.maximum is not None:
        yield f"{option.maximum + 1:.0f}", "is too big"


@pytest.mark.parametrize(("name", "option"), OPTIONS)
def test_a_bad_value_is_refused_in_words(name: str, option: Option, capsys: pytest.CaptureFixture[str]) -> None:
    """What an option does not accept gives exit code 2 and one error that names it and says what is allowed."""
    for value, answer in bad_values(option):
        assert main.run([name, f"{flag(option)}={value}"]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("asyncdemo: ")
        assert flag(option) in err
        assert answer in err
        assert err.count("\n") <= 4


def spellings() -> set[str]:
    """How options are written that mean the same whatever runs: those of runs, of measuring, and the help."""
    declared = [*run_options.declared(), *bench.command(()).params, *compare.command(()).params]
    return {name for each in declared for name in (*each.opts, *each.secondary_opts)} | {"--help"}


def test_no_option_of_a_concept_is_one_of_a_run_or_of_measuring() -> None:
    """What is written behind a concept, or shared by the subjects of a comparison, has one meaning."""
    taken = spellings()
    assert {"--timeout", "--json", "-q", "--runs", "--parameter", "--no-instrumented"} <= taken
    assert {flag(option) for concept in CONCEPTS for option in concept.options} & taken == set()


@pytest.mark.parametrize("name", [each.name for each in CONCEPTS])
def test_options_have_help_and_bounds(name: str) -> None:
    """The help is a phrase; that of a number states its least value, and the greatest unless it is that of all."""
    for option in catalog.find(name).options:
        assert re.fullmatch(r"\S.*[^.]", option.help), option.help
        if option.type in {"int", "float"}:
            assert "at least" in option.help
            assert option.minimum is not None
            states_maximum = re.search(r"at most \d", option.help) is not None
            assert states_maximum == (option.maximum not in {None, LONGEST_S})
        if option.type == "choice":
            assert len(set(option.choices)) == len(option.choices) >= 2


@pytest.mark.parametrize("name", [each.name for each in CONCEPTS])
def test_a_concept_has_two_or_three_examples(name: str) -> None:
    """Examples are few, all different, and at least one shows an option of the concept or of the run."""
    examples = catalog.find(name).examples
    assert len(set(examples)) == len(examples) in {2, 3}
    assert any(" --" in each for each in examples)


@pytest.mark.parametrize("example", VIRTUAL)
def test_an_example_in_virtual_time_works(example: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It ends with exit code 0, shows something, and has nothing to complain about."""
    assert main.run(shlex.split(example)[1:]) == 0
    out, err = capsys.readouterr()
    assert out
    assert err == ""


@pytest.fixture(scope="module", autouse=True)
def examples(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aside]:
    """The examples that take real time, which run beside the other tests."""
    aside = Aside(tmp_path_factory.mktemp("examples"))
    for concept, example in REAL:
        if obstacle(concept) is None:
            aside.start(example, [sys.executable, "-m", *shlex.split(example)])
    yield aside
    aside.close()


@pytest.mark.parametrize("example", [runnable(concept, example) for concept, example in REAL])
def test_an_example_in_real_time_works(example: str, examples: Aside) -> None:
    """It ends with exit code 0 and shows its verdict."""
    text = examples.finish(example)
    assert text
    assert "asyncdemo: " not in text
    assert "Traceback" not in text
