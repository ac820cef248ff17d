"""What past runs teach: what is kept, how it ages, what comes back, and what the policy does with it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pack.engine.loop.clauses import MAX_CLAUSE_WORDS, MAX_EXTRA_TOKENS, token_estimate
from pack.engine.loop.plan import PastWording
from pack.engine.loop.policy import clauses_wanted, next_step
from pack.engine.loop.run_changes import with_user_pick
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
    assert 1.6 < kept.met < 2, "what is believed of two pictures that answers of .9 and .7 speak for"


@pytest.mark.parametrize("past", [fox_run(), taught(), run(), taught(0.9).model_copy(update={"checklist": None})])
def test_a_run_that_tried_no_clause_changes_nothing(past):
    memory = holding(one())
    assert learn_wordings(memory, past, NOW + HALF_LIFE) is memory


def test_older_figures_count_half_at_a_new_run_and_half_after_a_month():
    (alone,) = learn_wordings(RememberedWordings(), taught(0.9), NOW).root["sdxl"][KEY]
    (kept,) = learn_wordings(holding(one(met=8, shown=16, used=NOW - HALF_LIFE)), taught(0.9), NOW).root["sdxl"][KEY]
    assert (kept.met, kept.shown) == pytest.approx((8 / 4 + alone.met, 16 / 4 + 1))
    other = learn_wordings(holding(one("ducks in a row", 8, 16, NOW - HALF_LIFE)), taught(0.9), NOW).root["sdxl"][KEY][
        1
    ]
    assert (other.clause, other.met, other.shown, other.used) == ("ducks in a row", 4, 8, NOW - HALF_LIFE)


def test_a_continued_run_teaches_its_new_part_only():
    first = taught(0.9)
    memory = learn_wordings(RememberedWordings(), first, NOW)
    more = judged(advanced(first.model_copy(update={"continued_after": 2})), itemised(0.9, 0.8))
    (kept,) = learn_wordings(memory, more, NOW).root["sdxl"][KEY]
    assert kept.shown == 2
    (again,) = learn_wordings(memory, more.model_copy(update={"continued_after": 0}), NOW).root["sdxl"][KEY]
    assert again.shown == pytest.approx(2.5), "the whole run on top of half of what it taught before"


def test_what_the_user_took_meets_everything():
    past = taught(0.1)
    (doubted,) = learn_wordings(RememberedWordings(), past, NOW).root["sdxl"][KEY]
    (taken,) = learn_wordings(RememberedWordings(), with_user_pick(past, 2), NOW).root["sdxl"][KEY]
    assert doubted.met < 0.3 and taken.met == taken.shown == 1


def test_what_past_runs_taught_is_not_learned_again():
    past = taught(0.6)
    told = past.model_copy(update={"past_wordings": {"r2": (PastWording(clause="a trio of ducks", met=4, shown=4),)}})
    assert learn_wordings(RememberedWordings(), told, NOW) == learn_wordings(RememberedWordings(), past, NOW)


def test_what_was_tried_comes_back_for_the_same_requirement_and_family():
    memory = holding(one("ducks in a row", 3, 4), one("a trio of ducks", 5, 10), one("never", 0, 1))
    known = recall_wordings(memory, "sdxl", FOX, NOW)
    assert [(w.clause, w.met, w.shown) for w in known["r2"]] == [
        ("ducks in a row", 1.5, 2),
        ("a trio of ducks", 1, 2),
        ("never", 0, 1),
    ], "as counts; no past weighs more than two pictures"
    assert known.keys() == {"r2"}
    assert recall_wordings(memory, "sd15", FOX, NOW) == {}
    assert recall_wordings(memory, "sdxl", checklist("three ducks"), NOW) == {}
    assert recall_wordings(memory, "sdxl", checklist("three DUCKS swimming."), NOW).keys() == {"r1"}


def test_what_was_long_ago_counts_less():
    (now,) = recall_wordings(holding(one(met=2, shown=2)), "sdxl", FOX, NOW)["r2"]
    (later,) = recall_wordings(holding(one(met=2, shown=2)), "sdxl", FOX, NOW + 2 * HALF_LIFE)["r2"]
    (put_right,) = recall_wordings(holding(one(met=2, shown=2, used=NOW * 2)), "sdxl", FOX, NOW)["r2"]
    assert (now.shown, later.shown, put_right.shown) == (2, 0.5, 2)


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
    ((found,),) = recall_wordings(RememberedWordings.model_validate_json(text), "sdxl", FOX, 1.0).values()
    assert found.clause == "fox 9 bad" and found.met <= found.shown
    for broken in ('"met": NaN', '"met": -1', '"met": "x"', '"met": 1e999', '"m": 1'):
        with pytest.raises(ValidationError):
            RememberedWordings.model_validate_json(text.replace('"met": 9', broken))


def past(clause, met, shown):
    return (PastWording(clause=clause, met=met, shown=shown),)


def test_the_policy_tries_what_worked_before_anything_fresh():
    told = fox_run(past_wordings={"r2": past("a trio of ducks", 2, 2)})
    now = judged(told, itemised(0.98, 0.02, edits={"r2": "exactly 3 ducks"}))
    plan = next_step(now)
    assert plan.wording.owned == {"r2": "a trio of ducks"}
    assert plan.reason.endswith(': painted in 0 of 1 with your words: try "a trio of ducks", as in past runs.')
    assert clauses_wanted(now) == ()
    tried = []
    for _ in range(4):
        now = judged(advanced(now), itemised(0.98, 0.02))
        tried.append(next_step(now).wording.owned.get("r2"))
    assert "exactly 3 ducks" in tried, "tried and failed: on with what is fresh"


def test_what_failed_in_past_runs_is_not_tried_first():
    told = fox_run(past_wordings={"r2": past("a trio of ducks", 0, 2)})
    now = judged(told, itemised(0.98, 0.02, edits={"r2": "exactly 3 ducks"}))
    assert next_step(now).wording.owned == {"r2": "exactly 3 ducks"}


def test_what_does_not_fail_gets_no_remembered_clause():
    told = fox_run(past_wordings={"r1": past("a vivid red fox", 1.5, 2)})
    now = judged(told, itemised(0.98, 0.02, edits={"r2": "exactly 3 ducks"}))
    assert next_step(now).wording.owned == {"r2": "exactly 3 ducks"}


def test_a_run_of_0_1_0_tries_what_it_remembers_first():
    now = judged(fox_run(remembered={"r2": "a trio of ducks"}), itemised(0.9, 0.1, edits={"r2": "exactly 3 ducks"}))
    assert next_step(now).wording.owned == {"r2": "a trio of ducks"}
    assert clauses_wanted(now) == ()


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
    now = judged(fox_run(past_wordings=recall_wordings(memory, "sdxl", FOX, NOW)), itemised(*chances))
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
