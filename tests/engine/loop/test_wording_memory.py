"""What past runs teach: what is kept, how it ages, what comes back, and what the policy does with it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pack.engine.loop.clauses import MAX_CLAUSE_WORDS, MAX_EXTRA_TOKENS, token_estimate
from pack.engine.loop.policy import clauses_wanted, next_step
from pack.engine.loop.wording_memory import (
    HALF_LIFE,
    MOST_REQUIREMENTS,
    MOST_WORDINGS,
    Known,
    RememberedWordings,
    key_of,
    learn_wordings,
    recall_wordings,
)
from pydantic import ValidationError

from .runs import SETTINGS, advanced, checklist, itemised, judged, run

NOW = 1_800_000_000.0
FOX = checklist("red fox", "Three ducks, swimming!")
KEY = "three ducks swimming"
TOLD = SETTINGS.model_copy(update={"prompt": "a red fox, three ducks, swimming"})


def fox_run(**fields):
    return run(settings=TOLD, seed_policy="new").model_copy(update={"checklist": FOX, "family": "sdxl", **fields})


def taught(*chances, clause="a trio of ducks", **fields):
    """A run whose first picture lacks the ducks and whose later ones, painted with the clause, have them so likely."""
    now = judged(fox_run(**fields), itemised(0.9, 0.1, edits={"r2": clause}))
    for chance in chances:
        now = judged(advanced(now), itemised(0.9, chance))
    return now


def one(clause="a trio of ducks", met=0.9, shown=1.0, used=NOW):
    return Known(clause=clause, met=met, shown=shown, used=used)


def holding(*wordings, key=KEY, family="sdxl"):
    return RememberedWordings({family: {key: wordings}})


def test_only_clauses_are_kept_not_the_users_own_words():
    known = learn_wordings(RememberedWordings(), taught(0.9, 0.7), NOW).root
    assert list(known) == ["sdxl"] and list(known["sdxl"]) == [KEY]
    (kept,) = known["sdxl"][KEY]
    assert (kept.clause, kept.shown, kept.used) == ("a trio of ducks", 2, NOW)
    assert kept.met == pytest.approx(1.6)


@pytest.mark.parametrize("past", [fox_run(), taught(), run(), taught(0.9).model_copy(update={"checklist": None})])
def test_a_run_that_tried_no_clause_changes_nothing(past):
    memory = holding(one())
    assert learn_wordings(memory, past, NOW + HALF_LIFE) is memory


def test_older_figures_count_half_at_a_new_run_and_half_after_a_month():
    (kept,) = learn_wordings(holding(one(met=8, shown=16, used=NOW - HALF_LIFE)), taught(0.9), NOW).root["sdxl"][KEY]
    assert (kept.met, kept.shown) == pytest.approx((8 / 4 + 0.9, 16 / 4 + 1))
    other = learn_wordings(holding(one("ducks in a row", 8, 16, NOW - HALF_LIFE)), taught(0.9), NOW).root["sdxl"][KEY][
        1
    ]
    assert (other.clause, other.met, other.shown, other.used) == ("ducks in a row", 4, 8, NOW - HALF_LIFE)


def test_a_continued_run_teaches_its_new_part_only():
    first = taught(0.9)
    memory = learn_wordings(RememberedWordings(), first, NOW)
    more = judged(advanced(first.model_copy(update={"continued_after": 2})), itemised(0.9, 0.8))
    (kept,) = learn_wordings(memory, more, NOW).root["sdxl"][KEY]
    assert (kept.met, kept.shown) == pytest.approx((1.7, 2))


def test_what_worked_comes_back_for_the_same_requirement_and_family():
    memory = holding(one("ducks in a row", 3, 4), one("a trio of ducks", 5, 5), one("never", 0, 9))
    assert recall_wordings(memory, "sdxl", FOX, NOW) == {"r2": "a trio of ducks"}
    assert recall_wordings(memory, "sd15", FOX, NOW) == {}
    assert recall_wordings(memory, "sdxl", checklist("three ducks"), NOW) == {}
    assert recall_wordings(memory, "sdxl", checklist("three DUCKS swimming."), NOW) == {"r1": "a trio of ducks"}


@pytest.mark.parametrize(("met", "shown", "back"), [(0.9, 1, True), (0.7, 1, False), (4, 8, False), (7, 10, True)])
def test_what_did_not_work_well_enough_does_not_come_back(met, shown, back):
    assert bool(recall_wordings(holding(one(met=met, shown=shown)), "sdxl", FOX, NOW)) == back


def test_what_worked_once_long_ago_does_not_come_back():
    assert recall_wordings(holding(one()), "sdxl", FOX, NOW)
    assert not recall_wordings(holding(one()), "sdxl", FOX, NOW + 2 * HALF_LIFE)
    assert recall_wordings(holding(one(used=NOW * 2)), "sdxl", FOX, NOW), "a clock that was put right"


def test_the_stalest_leave():
    many = [one(f"clause {'abcdefgh'[n]}", used=NOW - n) for n in range(MOST_WORDINGS + 2)]
    kept = learn_wordings(holding(*many), taught(0.9), NOW + 1).root["sdxl"][KEY]
    assert [k.clause for k in kept] == ["a trio of ducks", *(k.clause for k in many[: MOST_WORDINGS - 1])]
    crowd = {f"thing {n}": (one(used=NOW - n),) for n in range(MOST_REQUIREMENTS)}
    after = learn_wordings(RememberedWordings({"sd15": crowd}), taught(0.9), NOW + 1).root
    assert sum(len(known) for known in after.values()) == MOST_REQUIREMENTS
    assert KEY in after["sdxl"]
    assert set(crowd) - set(after["sd15"]) == {f"thing {MOST_REQUIREMENTS - 1}"}


def test_a_file_is_not_trusted():
    text = '{"sdxl": {"red fox": [{"clause": "<lora:x:1> (fox:9) embedding:bad", "met": 9, "shown": 1, "used": 0}]}}'
    (found,) = recall_wordings(RememberedWordings.model_validate_json(text), "sdxl", FOX, 1.0).values()
    assert found == "fox 9 bad"
    for broken in ('"met": NaN', '"met": -1', '"met": "x"', '"met": 1e999', '"m": 1'):
        with pytest.raises(ValidationError):
            RememberedWordings.model_validate_json(text.replace('"met": 9', broken))


def test_the_policy_tries_what_it_remembers_before_anything_fresh():
    now = judged(fox_run(remembered={"r2": "a trio of ducks"}), itemised(0.9, 0.1, edits={"r2": "exactly 3 ducks"}))
    assert next_step(now).wording.owned == {"r2": "a trio of ducks"}
    assert clauses_wanted(now) == ()
    now = judged(advanced(now), itemised(0.9, 0.1))
    assert next_step(now).wording.owned == {"r2": "exactly 3 ducks"}, "tried and failed: on with what is fresh"


def test_what_does_not_fail_gets_no_remembered_clause():
    now = judged(fox_run(remembered={"r1": "a vivid red fox"}), itemised(0.9, 0.1, edits={"r2": "exactly 3 ducks"}))
    assert next_step(now).wording.owned == {"r2": "exactly 3 ducks"}


TEXT = st.text(max_size=300) | st.lists(st.sampled_from(["three", "ducks", ",", "x" * 40, ";", "<a>"])).map(" ".join)
FIGURES = st.floats(0, 1e12) | st.integers(0, 9)
ENTRY = st.fixed_dictionaries(
    {"clause": TEXT | st.none() | st.integers(), "met": FIGURES, "shown": FIGURES, "used": FIGURES}
)
WORDED = st.dictionaries(st.sampled_from([KEY, "red fox"]), st.lists(ENTRY, max_size=4), max_size=2)


@given(file=WORDED, chances=st.tuples(*[st.sampled_from([0.1, 0.4, 0.9])] * 2))
@settings(max_examples=150, deadline=None)
def test_whatever_is_in_the_file_prompts_stay_short(file, chances):
    memory = RememberedWordings.model_validate({"sdxl": file})
    now = judged(fox_run(remembered=recall_wordings(memory, "sdxl", FOX, NOW)), itemised(*chances))
    for _ in range(3):
        now = advanced(now)
        plan = now.pending.plan
        assert plan.settings.prompt.startswith(TOLD.prompt)
        assert token_estimate(plan.settings.prompt) - token_estimate(TOLD.prompt) <= MAX_EXTRA_TOKENS
        assert all(0 < len(clause.split()) <= MAX_CLAUSE_WORDS for clause in plan.wording.clauses)
        now = judged(now, itemised(*chances))
    after = learn_wordings(memory, now, NOW)
    assert RememberedWordings.model_validate_json(after.model_dump_json()) == after
    assert all(len(known) <= MOST_WORDINGS for known in after.root.get("sdxl", {}).values())


def test_a_requirement_is_looked_up_by_its_words():
    assert key_of("  Three DUCKS, (swimming) ") == KEY
    assert key_of("?!") == ""
