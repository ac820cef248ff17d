"""The policy with a checklist: words by requirement, seeds, local edits, the final look, and reasons in words."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pack.engine.judge.critique import Changes, Critique, Edit, Item
from pack.engine.loop.clauses import MAX_EXTRA_TOKENS, MAX_NEGATIVE_TERMS, split_clauses, token_estimate
from pack.engine.loop.evidence import MOST_CLAUSES
from pack.engine.loop.policy import PATIENCE, PLATEAU, clauses_wanted, final_look, next_step
from pack.engine.loop.run import Stop

from .runs import SETTINGS, advanced, checklist, critique, itemised, judged, run

FOX = checklist("red fox", "three ducks", "deep snow", "night sky")
HALF = (0.9, 0.1, 0.9, 0.9)


def fox_run(**fields):
    return run(**fields).model_copy(update={"checklist": FOX})


def after(before, *verdicts):
    """The run after these verdicts, with the last one judged and no next render planned."""
    for number, verdict in enumerate(verdicts):
        before = judged(before if number == 0 else advanced(before), verdict)
    return before


def test_each_failing_requirement_gets_one_clause_of_its_own():
    now = after(fox_run(), itemised(0.9, 0.1, 0.2, 0.9, edits={"r2": "exactly three ducks", "r3": "thick white snow"}))
    plan = next_step(now)
    assert plan.settings.prompt == "a red fox, exactly three ducks, thick white snow"
    assert plan.wording.owned == {"r2": "exactly three ducks", "r3": "thick white snow"}
    assert plan.action == "compose"


def test_a_clause_that_failed_is_replaced_and_one_that_worked_stays():
    now = after(
        fox_run(seed_policy="new"),
        itemised(0.9, 0.1, 0.1, 0.9, edits={"r2": "exactly three ducks", "r3": "thick white snow"}),
        itemised(0.9, 0.1, 0.9, 0.9, edits={"r2": "a row of three ducks"}),
    )
    assert next_step(now).wording.owned == {"r2": "a row of three ducks", "r3": "thick white snow"}


def test_one_miss_of_words_that_mostly_work_changes_nothing():
    fine, miss = itemised(0.9, 0.9, 0.9, 0.1), itemised(0.9, 0.1, 0.9, 0.9, edits={"r2": "exactly three ducks"})
    now = after(fox_run(), fine, fine.model_copy(), miss)
    assert "ducks" not in next_step(now).settings.prompt


def test_without_an_editor_the_requirement_itself_is_asked_for():
    now = after(fox_run(), itemised(*HALF))
    assert next_step(now).wording.owned == {"r2": "three ducks"}
    assert clauses_wanted(now) == (), "the user's prompt lacks these words, no editor is needed"


def test_the_editor_is_asked_only_for_what_nothing_in_stock_gives():
    told = fox_run(settings=SETTINGS.model_copy(update={"prompt": "a red fox and three ducks in deep snow"}))
    now = after(told, itemised(*HALF))
    assert clauses_wanted(now) == ("r2",)
    last = now.iterations[-1]
    stocked = last.critique.model_copy(
        update={"edits": tuple(Edit(requirement="r2", clause=c) for c in ("exactly 3 ducks", "a trio of ducks"))}
    )
    now = now.model_copy(update={"iterations": (last.model_copy(update={"critique": stocked}),)})
    assert clauses_wanted(now) == ()
    for clause in ("exactly 3 ducks", "a trio of ducks"):
        assert next_step(now).wording.owned == {"r2": clause}
        now = judged(advanced(now), itemised(*HALF))
    assert clauses_wanted(now) == ("r2",)


def test_the_plain_contract_gives_clauses_to_the_requirement_with_the_same_words():
    proposal = "deeper snow, three little ducks"
    now = after(fox_run(), itemised(0.9, 0.3, 0.1, 0.9, prompt_append=proposal))
    assert next_step(now).wording.owned == {"r3": "deeper snow", "r2": "three little ducks"}


def test_a_child_waits_for_its_parent():
    asked = checklist("umbrella", "red umbrella", parents={"r2": ("r1",)})
    now = after(run().model_copy(update={"checklist": asked}), itemised(0.1, 0.1))
    assert next_step(now).wording.owned == {"r1": "umbrella"}
    assert "red umbrella" not in now.iterations[-1].decision.reason


def test_at_most_three_clauses_the_worst_first():
    asked = checklist("boat", "bridge", "lantern", "tower")
    now = after(run().model_copy(update={"checklist": asked}), itemised(0.3, 0.02, 0.1, 0.2))
    assert list(next_step(now).wording.owned) == ["r2", "r3", "r4"]
    assert len(next_step(now).wording.clauses) == MOST_CLAUSES


def test_only_things_seen_lately_are_in_the_negative():
    now = after(fox_run(seed_policy="new"), itemised(*HALF, negative=("scratches",)))
    assert next_step(now).settings.negative == "blurry, scratches"
    for _ in range(3):
        now = judged(advanced(now), itemised(*HALF))
    assert next_step(now).settings.negative == "blurry"


def test_auto_keeps_the_seed_only_while_one_requirement_and_its_clause_decide():
    one = next_step(after(fox_run(), itemised(*HALF)))
    two = next_step(after(fox_run(), itemised(0.9, 0.1, 0.1, 0.9)))
    assert one.settings.seed == SETTINGS.seed
    assert two.settings.seed != SETTINGS.seed
    tired = after(fox_run(), itemised(*HALF), itemised(*HALF, score=0.5), itemised(*HALF, score=0.5))
    assert next_step(tired).settings.seed != SETTINGS.seed
    assert next_step(after(fox_run(seed_policy="new"), itemised(*HALF))).settings.seed != SETTINGS.seed


def test_parameters_move_only_when_no_requirement_fails():
    plan = next_step(after(fox_run(), itemised(0.9, 0.9, 0.9, 0.9, cfg=12.0)))
    assert (plan.action, plan.settings.cfg) == ("parameters", 7.5)
    plan = next_step(after(fox_run(settings=SETTINGS), itemised(*HALF, cfg=12.0)))
    assert (plan.action, plan.settings.cfg) == ("compose", 7.0)


def test_the_best_is_kept_apart_from_the_words_being_tried():
    now = after(fox_run(), itemised(0.9, 0.1, 0.9, 0.9), itemised(0.1, 0.9, 0.1, 0.1))
    assert (now.best.number, now.iterations[-1].decision.kind) == (1, "reject")
    assert next_step(now).wording.owned == {"r2": "three ducks"}, "what worked in a rejected picture is not forgotten"


def test_decisions_say_in_one_sentence_what_changed_and_what_is_missing():
    now = after(fox_run(), itemised(0.1, 0.1, 0.9, 0.9, answers={"r2": "2"}))
    assert now.iterations[-1].decision.reason == (
        "First judged picture, score 0.50; still failing: red fox, three ducks (I count 2)."
    )
    now = judged(advanced(now), itemised(0.9, 0.1, 0.9, 0.9, answers={"r2": "2"}))
    assert now.iterations[-1].decision.reason == (
        "Kept: score 0.70, before 0.50; now met: red fox; still failing: three ducks (I count 2)."
    )
    now = judged(advanced(now), itemised(0.9, 0.9, 0.1, 0.1))
    assert now.iterations[-1].decision.reason == (
        "Not kept: score 0.50 does not beat 0.70 (iteration 2); now met: three ducks; lost: deep snow, night sky; "
        "still failing: deep snow, night sky."
    )


def test_the_end_names_what_still_fails():
    now = after(fox_run(iterations_per_loop=1, max_loops=1), itemised(*HALF, answers={"r2": "4"}))
    assert next_step(now).reason.endswith("Still failing: three ducks (I count 4).")


def test_a_requirement_that_never_shows_ends_the_run_sooner_than_bad_luck():
    never = after(fox_run(iterations_per_loop=50), itemised(*HALF))
    for _ in range(PLATEAU):
        assert not isinstance(next_step(never), Stop)
        never = judged(advanced(never), itemised(*HALF, score=0.5))
    assert next_step(never).status == "no_progress"
    assert "three ducks" in next_step(never).reason
    unlucky = after(fox_run(iterations_per_loop=50), itemised(*HALF))
    for n in range(PATIENCE):
        assert not isinstance(next_step(unlucky), Stop), n
        unlucky = judged(advanced(unlucky), itemised(*(HALF if n % 2 else reversed(HALF)), score=0.5))
    assert next_step(unlucky).status == "no_progress"


def test_a_local_edit_is_proposed_only_where_the_graph_can_do_it():
    now = after(fox_run(), itemised(*HALF))
    assert next_step(now).action == "compose"
    able = now.model_copy(update={"can_edit_locally": True})
    for _ in range(2):
        plan = next_step(able)
        assert (plan.action, plan.edit_of, plan.requirement) == ("local_edit", 1, "r2")
        assert plan.settings.prompt == able.best.settings.prompt
        assert clauses_wanted(able) == ()
        able = judged(advanced(able), itemised(*HALF, score=0.5))
    assert next_step(able).action == "compose", "two tries for a picture and requirement"
    crowded = after(fox_run(), itemised(0.1, 0.1, 0.1, 0.9)).model_copy(update={"can_edit_locally": True})
    assert next_step(crowded).action == "compose"


def test_an_edited_picture_teaches_nothing_about_words():
    now = after(fox_run(), itemised(*HALF)).model_copy(update={"can_edit_locally": True})
    words = next_step(now.model_copy(update={"can_edit_locally": False})).wording
    edited = judged(advanced(now), itemised(0.1, 0.1, 0.1, 0.1))
    assert next_step(edited.model_copy(update={"can_edit_locally": False})).wording == words


def ended(*scores, **fields):
    verdicts = [itemised(*HALF, score=score, **fields) for score in scores]
    return after(fox_run(iterations_per_loop=len(scores), max_loops=1, seed_policy="new"), *verdicts)


def test_the_final_look_takes_the_leading_two_and_whoever_leads_then():
    now = ended(0.6, 0.5, 0.8, 0.7, 0.65)
    assert final_look(now) == (3, 4)
    now = now.model_copy(update={"relooks": {n: itemised(*HALF, score=0.2) for n in (3, 4)}})
    assert final_look(now) == (5,)
    now = now.model_copy(update={"relooks": {n: itemised(*HALF, score=0.2) for n in (3, 4, 5)}})
    assert final_look(now) == (1,)
    now = now.model_copy(update={"relooks": {**now.relooks, 1: itemised(*HALF, score=0.58)}})
    assert final_look(now) == ()
    assert now.best.number == 1


def test_the_final_look_is_not_taken_while_the_run_goes_on_or_when_it_is_done():
    assert final_look(after(fox_run(), itemised(*HALF))) == ()
    assert final_look(after(fox_run(), itemised(0.9, 0.9, 0.9, 0.9, passed=True))) == ()
    assert final_look(fox_run()) == ()


def test_a_second_look_that_came_merged_or_failed_is_taken_as_it_is():
    now = ended(0.6, 0.8)
    merged = itemised(*HALF, score=0.5, looks=2)
    now = now.model_copy(update={"relooks": {2: merged, 1: critique(None)}})
    assert [now.score_of(i) for i in now.iterations] == [0.6, 0.5]
    assert final_look(now) == ()
    assert now.best.number == 1


CHANCE = st.sampled_from([0.02, 0.2, 0.45, 0.5, 0.6, 0.9, 0.98])
TEXT = st.lists(
    st.sampled_from("red blue fox snow three ducks on the left soft light, sharp; eyes. no hands".split()), max_size=16
).map(" ".join)


@st.composite
def verdicts(draw):
    chances = draw(st.tuples(CHANCE, CHANCE, CHANCE, CHANCE))
    good = all(p > 0.5 for p in chances)
    edits = draw(st.lists(st.builds(Edit, requirement=st.sampled_from(["r1", "r2", "r3", "r4"]), clause=TEXT)))
    return Critique(
        judge="ollama",
        outcome="judged",
        score=draw(st.integers(0, 100)) / 100,
        looks=2 if good else 1,
        passed=good and draw(st.booleans()),
        items=tuple(Item(id=f"r{n}", answer="", p=p, passed=p > 0.5) for n, p in enumerate(chances, 1)),
        edits=tuple(edits),
        negative=tuple(draw(st.lists(TEXT, max_size=5))),
        changes=Changes(prompt_append=draw(TEXT), cfg=draw(st.none() | st.floats(0, 30))),
    )


@given(
    told=st.lists(verdicts(), min_size=1, max_size=14),
    again=st.dictionaries(st.integers(1, 14), st.integers(0, 100), max_size=14),
    policy=st.sampled_from(["auto", "keep", "new"]),
    local=st.booleans(),
)
@settings(max_examples=80, deadline=None)
def test_the_result_is_the_best_under_equal_looks(told, again, policy, local):
    now = fox_run(iterations_per_loop=len(told), max_loops=1, seed_policy=policy)
    now = now.model_copy(update={"can_edit_locally": local})
    for verdict in told:
        now = judged(now, verdict)
        assert next_step(now) == next_step(now) == next_step(now.model_validate_json(now.model_dump_json()))
        step = advanced(now)
        if isinstance(step, Stop):
            break
        assert final_look(now) == ()
        now = step
    while numbers := final_look(now):
        looks = {n: itemised(*HALF, score=again.get(n, 0) / 100) for n in numbers}
        assert not looks.keys() & now.relooks.keys()
        now = now.model_copy(update={"relooks": {**now.relooks, **looks}})
    best = now.best
    assert now.rank_of(best) == max(now.rank_of(i) for i in now.iterations)
    assert best.critique.passed or now.score_of(best) >= now.score_of(now.iterations[0])
    if isinstance(next_step(now), Stop) and next_step(now).status in ("limit", "no_progress"):
        assert best.critique.looks > 1 or best.number in now.relooks


@pytest.mark.parametrize("seed", range(3))
def test_two_hundred_iterations_add_little_and_stay_in_range(seed):
    draw = random.Random(seed)
    words = "red blue fox snow three ducks tall old lighthouse photograph left, right; bright".split()
    now = fox_run(iterations_per_loop=300, max_loops=1)
    for n in range(200):
        chances = [draw.choice([0.1, 0.3, 0.6, 0.9]) for _ in range(4)]
        edits = {f"r{k}": " ".join(draw.choices(words, k=draw.randint(1, 20))) for k in draw.sample(range(1, 5), 3)}
        seen = tuple(" ".join(draw.choices(words, k=2)) for _ in range(5))
        # Every picture beats the one before, so that no plateau ends the run.
        now = judged(now, itemised(*chances, score=n / 1000, edits=edits, negative=seen))
        now = advanced(now)
        plan = now.pending.plan
        assert plan.settings.prompt.startswith(SETTINGS.prompt)
        assert token_estimate(plan.settings.prompt) - token_estimate(SETTINGS.prompt) <= MAX_EXTRA_TOKENS
        assert len(split_clauses(plan.settings.negative)) <= MAX_NEGATIVE_TERMS
        assert len(plan.wording.clauses) == len(plan.wording.owners) <= MOST_CLAUSES


def test_what_must_not_be_there_goes_into_the_negative_and_no_clause():
    words = checklist("red fox", "no people", "keine Autos").requirements
    kinds = ("object", "absence", "absence")
    listed = tuple(r.model_copy(update={"kind": kind}) for r, kind in zip(words, kinds, strict=True))
    before = run().model_copy(update={"checklist": FOX.model_copy(update={"requirements": listed})})
    plan = next_step(after(before, itemised(0.9, 0.1, 0.1)))
    assert (plan.settings.prompt, plan.settings.negative) == ("a red fox", "blurry, people")


def test_proposals_that_deny_lose_what_they_deny():
    now = after(fox_run(), itemised(0.9, 0.1, 0.9, 0.9, prompt_append="three ducks without hats, no people"))
    assert next_step(now).settings.prompt == "a red fox, three ducks"
