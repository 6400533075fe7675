"""A concept's own options: the parameters of its `main`, as the command line takes them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from typer.core import TyperOption

from asyncdemo import quantities
from asyncdemo.addresses import masked
from asyncdemo.catalog.concept import Concept, Option
from asyncdemo.catalog.works import works
from asyncdemo.cli.values import Value, address, boolean, choice, count, duration, number
from asyncdemo.errors import USAGE, AsyncdemoError


def declared(concept: Concept) -> list[TyperOption]:
    """The options of `concept`."""
    return [declared_option(each) for each in concept.options]


def declared_option(option: Option, *, has_default: bool = True) -> TyperOption:
    """The command's option for a parameter; it takes text, so that what is wrong with it is said here.

    Without a default it can be told whether the option was given.
    """
    names = [flag(option), _key(option.name)]
    if option.type == "bool":
        return TyperOption(param_decls=names, is_flag=True, default=False, help=literally(option.help))
    return TyperOption(
        param_decls=names,
        type=str,
        default=default_text(option) if has_default else None,
        show_default=has_default and default_text(option) is not None,
        metavar=value_of(option).metavar,
        help=literally(described_help(option)),
    )


def read(concept: Concept, given: Mapping[str, Any], instead: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The parameters for the concept's `main` out of everything that was given; what was not has its default.

    Args:
        concept: the concept.
        given: what was given to a command.
        instead: values for what was not given, in the place of defaults.

    Raises:
        AsyncdemoError: a value cannot be read or is out of bounds (exit code 2).
    """
    params = _defaults(concept) | dict(instead or {})
    for option in concept.options:
        value = given.get(_key(option.name))
        if isinstance(value, str):
            params[option.name] = value_of(option).read(flag(option), value)
        elif value is not None:
            params[option.name] = value
    return params


def read_own(concept: Concept, written: Mapping[str, str]) -> dict[str, Any]:
    """The values of a subject's own options.

    Raises:
        AsyncdemoError: the concept has no such option, or a value cannot be read or is out of bounds (exit code 2).
    """
    known = {each.name: each for each in concept.options}
    for name in written:
        if name not in known:
            raise AsyncdemoError(f"{concept.name} has no option {name!r}.\nIt has {', '.join(known) or 'none'}.", USAGE)
    return {name: value_of(known[name]).read(flag(known[name]), text) for name, text in written.items()}


def was_given(name: str, given: Mapping[str, Any]) -> bool:
    """Whether the option called `name` was given to a command whose options have no defaults."""
    return given.get(_key(name)) is not None


def scaled(concept: Concept, params: Mapping[str, Any], scale: float | None) -> dict[str, Any]:
    """`params` with every duration multiplied by `scale`.

    Raises:
        AsyncdemoError: the concept has no durations (exit code 2).
    """
    if scale is None:
        return dict(params)
    durations = {each.name for each in concept.options if each.scales and each.name in params}
    if not durations:
        what = f"{concept.name} --work {params['work']}" if concept.work(params) else concept.name
        raise AsyncdemoError(f"--scale: {what} has no durations to multiply.", USAGE)
    return {name: value * scale if name in durations and value is not None else value for name, value in params.items()}


def at_scale(concept: Concept, scale: float | None) -> dict[str, Any]:
    """The defaults of `concept`, its durations, if it has any, multiplied by `scale`."""
    durations = any(each.scales for each in concept.options)
    return scaled(concept, settled(concept, _defaults(concept)), scale if durations else None)


def settled(concept: Concept, params: Mapping[str, Any], own: Collection[str] | None = None) -> dict[str, Any]:
    """`params` without those for which the work in them has no use.

    Args:
        concept: the concept; one that is no way of doing jobs has a use for all of its parameters.
        params: a value for each of its parameters.
        own: those that were given and must be of use; by default all that differ from their defaults.

    Raises:
        AsyncdemoError: one of them is of no use (exit code 2).
    """
    idle = concept.idle(params)
    given = {name for name, value in _defaults(concept).items() if params[name] != value} if own is None else set(own)
    for name in sorted(idle & given):
        raise _idle(name, str(params["work"]))
    return {name: value for name, value in params.items() if name not in idle}


def check_used(concepts: Iterable[Concept], given: Mapping[str, Any], runs: Collection[Mapping[str, Any]]) -> None:
    """Does nothing when one of `runs` at least uses each option of ways of doing jobs that was given for all.

    Raises:
        AsyncdemoError: none uses it, for their work is another (exit code 2).
    """
    for concept in concepts:
        for option in concept.options if concept.works else ():
            if was_given(option.name, given) and not any(option.name in params for params in runs):
                raise _idle(option.name, ", ".join(dict.fromkeys(str(each["work"]) for each in runs if "work" in each)))


def _idle(name: str, work: str) -> AsyncdemoError:
    """The error for an option that is of no use for `work`."""
    those = [each.name for each in works() if (each.url if name == "url" else each.waits)]
    use = ", ".join(those if name == "url" else ["sleep", *those])
    return AsyncdemoError(f"--{name}: --work {work} has no use for it.\nIt is for --work {use}.", USAGE)


def check_seed(concept: Concept, seed: int | None) -> None:
    """Does nothing when `concept` has a use for a seed, or none is given.

    Raises:
        AsyncdemoError: it uses no random numbers (exit code 2).
    """
    if seed is not None and not re.search(r"^\s*(?:import|from) random\b", concept.source, re.MULTILINE):
        raise AsyncdemoError(f"--seed: {concept.name} uses no random numbers.", USAGE)


def described_help(option: Option) -> str:
    """What the option is, and for the address of a server what happens without it."""
    return f"{option.help}; without it one is started for the run" if option.type == "url" else option.help


def _defaults(concept: Concept) -> dict[str, Any]:
    """The defaults of `concept`; None for the address of a server, which is started then."""
    return {each.name: None if each.type == "url" else each.default for each in concept.options}


def value_of(option: Option) -> Value:
    """What `option` accepts."""
    if option.unit == "seconds":
        return duration(option.minimum, option.maximum)
    if option.type == "bool":
        return boolean()
    if option.type in {"choice", "work"}:
        return choice(*option.choices)
    if option.type == "url":
        return address(str(option.default))
    if option.type == "int":
        return count(option.minimum, option.maximum)
    return number(option.minimum, option.maximum)


def literally(text: str) -> str:
    """`text` as Rich's markup, in which Typer shows help: brackets in it are brackets."""
    return text.replace("[", r"\[")


def flag(option: Option) -> str:
    """`--kebab-case` of the option's name."""
    return "--" + option.name.replace("_", "-")


def default_text(option: Option) -> str | None:
    """The default as one would type it, or None when the concept decides by itself, or a server is started for it."""
    if option.type == "url":
        return None
    if option.default is None or isinstance(option.default, str):
        return option.default
    text = repr(option.default).removesuffix(".0")
    return f"{text}s" if option.unit == "seconds" else text


def described(concept: Concept, params: Mapping[str, Any]) -> tuple[str, ...]:
    """What the title of a picture says of `params`, such as `limit 3` and `hold 1 s`: what was changed comes first.

    An option that is off goes without saying, and so do sleeping jobs and the number of tasks, which every title gives.
    """
    told = [each for each in concept.options if each.name in params and each.name != "tasks"]
    said = [each for each in told if _is_on(each, params[each.name])]
    said.sort(key=lambda each: params[each.name] == each.default)
    return tuple(_phrase(each, params[each.name]) for each in said)


def _is_on(option: Option, value: Any) -> bool:
    if option.type == "work":
        return bool(value != option.default)
    return value is not None and (bool(value) or bool(option.default))


def _phrase(option: Option, value: Any) -> str:
    name = option.name.replace("_", " ")
    if option.type == "bool":
        return name
    if option.type in {"choice", "work"}:
        return f"{name} {value}"
    if option.type == "url":
        return masked(value)
    return f"{name} {quantities.as_given(value) if option.unit == 'seconds' else _number(value)}"


def _number(value: float) -> str:
    """`1,000`, `0.9`, and `0` for 0.0."""
    return format(int(value) if value == int(value) else value, ",")


def _key(name: str) -> str:
    """The option's name among a command's values; a run option may have the same."""
    return f"option_{name}"
