"""Durations and counts: what is accepted, what is refused, and how they are shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asyncdemo.quantities import count, duration, format_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        pytest.param("0.5", 0.5, id="bare number means seconds"),
        pytest.param("2s", 2.0, id="seconds"),
        pytest.param("50ms", 0.05, id="milliseconds"),
        pytest.param("50 ms", 0.05, id="a space before the unit"),
        pytest.param("130us", 0.00013, id="microseconds"),
        pytest.param("1m", 60.0, id="minutes"),
        pytest.param("1.5h", 5400.0, id="hours"),
        pytest.param(".5", 0.5, id="no digit before the point"),
        pytest.param("1e-3", 0.001, id="an exponent"),
        pytest.param("-1", -1.0, id="a sign is left to the bounds"),
    ],
)
def test_a_duration_is_read_as_seconds(text: str, seconds: float) -> None:
    """A duration accepts a bare number of seconds or a number with its unit."""
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["", "x", "nan", "inf", "-inf", "1e999", "2 s s", "5 apples", "1_000", "ms", "0x10"])
def test_what_is_no_duration_is_refused_with_what_is_allowed(text: str) -> None:
    """A text that is no finite number of seconds is refused, and the message shows how to write one."""
    with pytest.raises(ValueError, match="50ms, 2s, 1m"):
        duration(text)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_survives_as_a_duration(seconds: float) -> None:
    """What Python prints for a float is read back as the same float."""
    assert duration(repr(seconds)) == seconds


@given(st.integers(0, 10**6))
def test_a_unit_costs_no_accuracy(number: int) -> None:
    """N milliseconds are the float nearest to N thousandths, as a literal would be."""
    assert duration(f"{number}ms") == number / 1000


@pytest.mark.parametrize(
    ("text", "number"),
    [
        pytest.param("10", 10, id="plain"),
        pytest.param("10k", 10_000, id="thousands"),
        pytest.param("1.5k", 1_500, id="a fraction of thousands"),
        pytest.param("1M", 1_000_000, id="millions"),
        pytest.param("1_000", 1_000, id="underscores"),
        pytest.param("10,000", 10_000, id="commas"),
        pytest.param("-3", -3, id="a sign is left to the bounds"),
    ],
)
def test_a_count_is_read_as_a_whole_number(text: str, number: int) -> None:
    """A count accepts digits, their grouping, and k or M."""
    assert count(text) == number


@pytest.mark.parametrize("text", ["", "x", "1.5", "1.0005k", "1m", "1e3", "nan", "10kk", "k", "1,0", "9" * 5000])
def test_what_is_no_count_is_refused_with_what_is_allowed(text: str) -> None:
    """A text that is no whole number is refused, and the message shows how to write one."""
    with pytest.raises(ValueError, match="whole number"):
        count(text)


@given(st.integers(-(10**14), 10**14))
def test_every_whole_number_survives_as_a_count(number: int) -> None:
    """A number is read back however its digits are grouped."""
    assert count(str(number)) == count(f"{number:,}") == count(f"{number:_}") == number


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (0, "0 ms"),
        (850, "850 ns"),
        (130_000, "130 us"),
        (999_499, "999 us"),
        (999_500, "1.0 ms"),
        (2_350_000, "2.4 ms"),
        (91_000_000, "91 ms"),
        (999_600_000, "1.00 s"),
        (1_200_000_000, "1.20 s"),
        (59_999_000_000, "1 min 00 s"),
        (125_000_000_000, "2 min 05 s"),
        (-91_000_000, "-91 ms"),
    ],
)
def test_a_duration_is_shown_in_its_own_unit(ns: int, text: str) -> None:
    """Short times show whole units, seconds two decimals, and rounding never shows 1000 of a unit."""
    assert format_duration(ns) == text


@given(st.integers(1_000, 59_000_000_000))
def test_what_is_shown_is_read_back_as_about_the_same(ns: int) -> None:
    """What `format_duration` writes, `duration` reads, within the rounding of what is shown."""
    assert duration(format_duration(ns)) * 1e9 == pytest.approx(ns, rel=0.051, abs=500)
