"""What the guide gets wrong about the standard library is said by the concept that it concerns."""

from __future__ import annotations

import re

import pytest

from asyncdemo import catalog
from asyncdemo.catalog.concept import Concept
from asyncdemo.cli import main, run_options

ERRATA = [
    pytest.param("tasks", "next await", "--cancel", id="a new task starts at the next await"),
    pytest.param("tasks", "cancelled before that, never", "--cancel", id="cancelled before it starts, it never runs"),
    pytest.param("tasks", "immediate", "--eager", id="only eager tasks start at once"),
    pytest.param("tasks", "weak references", "--forget", id="the loop does not keep tasks alive"),
    pytest.param("timeout", "no hard limit", "--slow-cleanup", id="a timeout waits for the cleanup"),
    pytest.param("timeout", "time.sleep(3)", "--blocking", id="a timeout cannot interrupt what blocks"),
    pytest.param("timeout", "builtin `TimeoutError`", "", id="asyncio.TimeoutError is the builtin one"),
    pytest.param("timeout", "asyncio.timeout()", "--using", id="the modern form of a timeout"),
    pytest.param("context-manager", "leaves the connection set", "--cancel-during", id="a timeout inside __aexit__"),
    pytest.param("context-manager", "never calls `__aexit__`", "--cancel-during", id="a timeout inside __aenter__"),
    pytest.param("decorators", "prints no time", "--success-rate", id="a failing call prints no time"),
    pytest.param("decorators", "TypeError", "--bug", id="bugs are retried as well"),
    pytest.param("decorators", "max_attempts=0", "", id="no attempt at all gives None"),
    pytest.param("callbacks", "misses `CancelledError`", "--cancel", id="except Exception in a done callback"),
    pytest.param("callbacks", "on_error", "--fail", id="the error callback is never called"),
    pytest.param("to-thread", "blocks the loop", "--way", id="the end of a pool's with block"),
    pytest.param("executor", "__main__", "", id="the guard that process pools need"),
    pytest.param("executor", "asyncio.to_thread", "", id="the short form for threads"),
    pytest.param("to-thread", "context variables", "--way", id="context variables on threads"),
    pytest.param("to-thread", "min(32, CPUs + 4)", "", id="how many threads there are by default"),
    pytest.param("lock", "five increments give 1", "--no-lock", id="increments without the lock"),
    pytest.param("lock", "not reentrant", "--reenter", id="a lock asked for twice"),
    pytest.param("semaphore", "raises the limit for good", "--stray-release", id="a release too many"),
    pytest.param("semaphore", "BoundedSemaphore", "", id="who refuses a release too many"),
    pytest.param("semaphore", "ceil(tasks / limit)", "", id="the time to expect from a semaphore"),
    pytest.param("condition", "cannot happen", "", id="an output that cannot be"),
    pytest.param("condition", "wakes one waiting task", "--consumers", id="notify wakes one of many"),
    pytest.param("queue", "asyncdemo thread-safety", "", id="no queue is thread-safe"),
    pytest.param("thread-safety", "received after 3 s", "--direct", id="an item from a thread wakes nobody"),
    pytest.param("thread-safety", "locks, events and semaphores", "--primitive", id="no lock is thread-safe either"),
    pytest.param("thread-safety", "RuntimeError", "--debug", id="debug mode finds a call from a thread"),
    pytest.param("queue", "never ends", "--guide", id="consumers that end and never say so"),
    pytest.param("queue", "items are lost", "--spread", id="one sentinel ends all consumers"),
    pytest.param("queue", "then `cancel()`", "", id="how to end consumers"),
    pytest.param("priority-queue", "sequence numbers", "--ties", id="equal priorities are not served in order"),
    pytest.param("iterator", "once only", "--again", id="an iterator that is used up"),
    pytest.param("exceptions", "run on to their end", "", id="gather does not stop the others"),
    pytest.param("exceptions", "isinstance(result, Exception)", "--cancel", id="a cancelled task among the results"),
    pytest.param("taskgroup", "cancels its siblings", "--fail", id="a group cancels when one fails"),
    pytest.param("taskgroup", "Another type passes", "--type-error", id="except* takes its own type alone"),
    pytest.param("http", 'is "fetched" as well', "--no-check", id="an answer 500 is no page"),
    pytest.param("http", "300 s", "--patience", id="the default timeout of aiohttp"),
    pytest.param("files", "calls on threads", "--way", id="files are read on threads"),
    pytest.param("mysql", "the connection stays open", "--leak", id="a query fails before close"),
    pytest.param("redis", "aioredis", "", id="aioredis is part of redis-py"),
    pytest.param("mongo", "past its end of life", "", id="motor is part of pymongo"),
    pytest.param("loop", "deprecated from Python 3.14", "", id="event loop policies end"),
    pytest.param("loop", "timers with one deadline", "--timers", id="equal deadlines have no order"),
    pytest.param("contextvars", "the task that has one", "--plain-await", id="who has a context"),
    pytest.param("signals", "crashed is never heard of", "--crash", id="a worker that crashed"),
    pytest.param("signals", "second Ctrl+C", "", id="the second Ctrl+C"),
    pytest.param("signals", "main thread", "--thread", id="signals are for the main thread"),
    pytest.param("fan-out", "Creating is not the cost", "", id="creating tasks in a loop"),
    pytest.param("batching", "do not reduce context switching", "--batch", id="batches and switches"),
    pytest.param("batching", "waits for its slowest item", "--slow", id="batches and their slowest item"),
    pytest.param("blocking", "misses all its ticks", "--block", id="nothing else runs while a task blocks"),
    pytest.param("forgotten-await", "RuntimeWarning", "--keep", id="a coroutine that nobody awaits"),
    pytest.param("sync-call", "DeprecationWarning", "", id="getting a loop that does not exist"),
    pytest.param("sync-call", "inside a running loop", "", id="asyncio.run in a loop"),
    pytest.param("debug", "RuntimeWarning", "", id="which warning tells of a forgotten await"),
    pytest.param("debug", "before the loop is made", "", id="when the variable for debug mode counts"),
    pytest.param("debug", "too late", "", id="a filter set after the run"),
    pytest.param("monitor", "measures nothing", "--block", id="what a monitor has to measure"),
    pytest.param("monitor", "no finished task", "", id="which tasks all_tasks has"),
    pytest.param("monitor", "no order", "", id="the order of all_tasks"),
]
"""A concept, words with which `show` corrects the guide, and the option that shows it, if the default run does not."""

_RUN_OPTIONS = {name for option in run_options.declared() for name in option.opts}


@pytest.mark.parametrize(("name", "words", "option"), ERRATA)
def test_show_corrects_the_guide(name: str, words: str, option: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`asyncdemo show` says what is right, and the concept has the option that shows it."""
    assert main.run(["show", name]) == 0
    told = capsys.readouterr().out.partition("\nSource\n")[0]
    assert words in " ".join(told.split())
    assert not option or option in flags(catalog.find(name))


@pytest.mark.parametrize("name", [each.name for each in catalog.concepts()])
def test_what_a_text_asks_to_try_exists(name: str) -> None:
    """Every option that a concept's text mentions is its own, or that of a concept named with it, or every run's."""
    concept = catalog.find(name)
    for text in (concept.prose, concept.watch, *concept.corrections):
        for code in re.findall(r"`([^`]*--[^`]*)`", text):
            words = code.split()
            meant = catalog.find(words[1]) if words[0] == "asyncdemo" else concept
            asked = {word.partition("=")[0] for word in words if word.startswith("--")}
            assert asked <= flags(meant) | _RUN_OPTIONS, code


def flags(concept: Concept) -> set[str]:
    """The options of a concept as one types them."""
    return {f"--{option.name.replace('_', '-')}" for option in concept.options}
