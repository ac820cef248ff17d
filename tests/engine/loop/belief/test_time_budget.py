"""The limit of minutes: what is left of it decides whether another render is begun, and which."""

from __future__ import annotations

import pytest
from pack.engine.loop.belief.time_budget import out_of_time, seconds_expected, seconds_spent
from pack.engine.loop.policy import next_step
from pack.engine.loop.run import Stop
from pack.engine.settings import Limits

from ..runs import advanced, checklist, itemised, judged, run

ASKED = checklist("red fox", "three ducks")


def after(minutes, *seconds):
    """A run with this limit after renders that took so long, none of which meets everything."""
    now = run().model_copy(update={"checklist": ASKED})
    for number, taken in enumerate(seconds):
        now = judged(now if number == 0 else advanced(now), itemised(0.98, 0.02))
        last = now.iterations[-1].model_copy(update={"seconds": {"render": taken - 5.0, "judge": 5.0}})
        now = now.model_copy(update={"iterations": (*now.iterations[:-1], last)})
    return now.model_copy(update={"start": now.start.model_copy(update={"limits": Limits(minutes=minutes)})})


@pytest.mark.parametrize(("minutes", "over"), [(0, False), (2, False), (1.6, False), (1.4, True), (0.5, True)])
def test_a_render_that_would_go_beyond_the_limit_is_not_begun(minutes, over):
    now = after(minutes, 30.0, 30.0)
    assert (seconds_spent(now), seconds_expected(now, "compose")) == (60.0, 30.0)
    assert out_of_time(now) is over
    step = next_step(now)
    assert isinstance(step, Stop) is over
    if over:
        assert step.status == "limit"
        assert step.reason.startswith(f"The {minutes:g} minutes leave no room for another render. Best: iteration ")


def test_the_next_render_is_expected_to_take_what_the_last_ones_did():
    now = after(10, 300.0, 20.0, 20.0, 20.0)
    assert seconds_expected(now, "compose") == 20.0, "the first one loaded the models"
    assert seconds_expected(now, "local_edit") == 20.0, "until one was made"


def test_a_run_that_the_user_continued_has_its_minutes_anew():
    now = after(1, 30.0, 30.0)
    assert out_of_time(now)
    assert not out_of_time(now.model_copy(update={"continued_after": 2}))
