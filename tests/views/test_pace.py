"""How long the live view rests after a frame."""

from __future__ import annotations

import pytest

from asyncdemo.views.pace import Clocks, rest_s

MS = 1_000_000


def rest_ms(*, rested: int, computed: int, drawn: int = 4, took: int | None = None, fps: float = 10) -> float:
    """How long to rest after a frame, in ms.

    Args:
        rested: between the frame before and this one.
        computed: by the program since the frame before.
        drawn: computed by the frame.
        took: what the frame took by the clock, if that is more.
        fps: frames a second.
    """
    before = Clocks(5 * MS, 7 * MS, 0)
    begin = Clocks(before.wall + rested * MS, before.process + computed * MS, 3 * MS)
    end = Clocks(begin.wall + (took or drawn) * MS, begin.process + drawn * MS, begin.thread + drawn * MS)
    return rest_s(1 / fps, before, begin, end) * 1000


@pytest.mark.parametrize(
    ("frame", "rest"),
    [
        pytest.param({"rested": 96, "computed": 0}, 96, id="a program that waits is drawn as often as was asked for"),
        pytest.param({"rested": 96, "computed": 0, "fps": 60}, 36, id="for a tenth of the time at most"),
        pytest.param({"rested": 96, "computed": 96}, 196, id="a busy one for a fiftieth"),
        pytest.param({"rested": 96, "computed": 192}, 196, id="on two processors too"),
        pytest.param({"rested": 96, "computed": 48, "fps": 60}, 4 / 0.06 - 4, id="in between for what is between"),
        pytest.param({"rested": 96, "computed": 96, "fps": 1}, 996, id="but never more often than was asked for"),
        pytest.param({"rested": 96, "computed": 0, "took": 30}, 70, id="a frame that had to queue took less"),
        pytest.param({"rested": 196, "computed": 200, "took": 8}, 196, id="while the program computed"),
        pytest.param({"rested": 0, "computed": 0}, 196, id="nothing is known yet"),
    ],
)
def test_rest(frame: dict[str, int], rest: float) -> None:
    """So long that drawing keeps to its share of the time, by how much of the rest of it the program computed."""
    assert rest_ms(**frame) == pytest.approx(rest)
