"""Which pictures are looked at again."""

from __future__ import annotations

import itertools

import pytest
from pack.engine.loop.belief.run_belief import RunBelief
from pack.engine.loop.belief.second_looks import confirming_look

from ..runs import checklist, itemised, judged, run

CHANCES = (0.1, 0.6, 0.85, 0.98)


@pytest.mark.parametrize("confidence", [0.3, 0.8, 0.95])
def test_what_is_not_worked_out_would_not_have_sufficed(confidence):
    asked, found = checklist("red fox", "deep snow"), set()
    for first, second in itertools.product(itertools.product(CHANCES, repeat=2), repeat=2):
        start = run().model_copy(update={"checklist": asked})
        now = judged(start, itemised(*first)).model_copy(update={"pending": start.pending})
        now = judged(now, itemised(*second))
        beliefs = RunBelief(now)
        looked = confirming_look(beliefs, confidence)
        assert looked == ((beliefs.front.number,) if beliefs.if_confirmed(beliefs.front) >= confidence else ())
        found.add(bool(looked))
    assert found == {True, False}
