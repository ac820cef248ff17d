"""The policy, example by example and as properties of whole runs."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pack.engine.graph.family import ranges
from pack.engine.judge.critique import Changes, Critique
from pack.engine.loop.by_score import CLAUSE_TRIES, PLATEAU
from pack.engine.loop.clauses import MAX_EXTRA_TOKENS, MAX_NEGATIVE_TERMS, split_clauses, token_estimate
from pack.engine.loop.plan import Pending
from pack.engine.loop.policy import continued_plan, next_step
from pack.engine.loop.run import Stop

from .runs import SETTINGS, advanced, checklist, critique, itemised, judged, run, unseen

WORDS = st.lists(
    st.sampled_from("red blue fox snow three ducks on the left soft light, sharp; eyes. no hands".split()), max_size=30
).map(" ".join)
CHANGES = st.builds(
    Changes,
    prompt_append=WORDS,
    neg_append=WORDS,
    cfg=st.none() | st.floats(-50, 50, allow_nan=False),
    steps=st.none() | st.integers(-100, 1000),
    seed=st.sampled_from(["keep", "new"]),
)


@st.composite
def critiques(draw: st.DrawFn) -> Critique:
    score = draw(st.none() | st.integers(0, 100).map(lambda n: n / 100))
    passed = score is not None and score >= 0.8 and draw(st.booleans()) and draw(st.booleans())
    return Critique(
        judge="ollama",
        outcome="judged" if score is not None else draw(st.sampled_from(["unreadable", "unreachable"])),
        score=score,
        done=passed or draw(st.booleans()),
        passed=passed,
        changes=draw(CHANGES),
        reason="why",
    )


@given(
    verdicts=st.lists(critiques(), min_size=1, max_size=25),
    policy=st.sampled_from(["auto", "keep", "new"]),
    per_loop=st.integers(1, 6),
    loops=st.integers(1, 6),
)
@settings(max_examples=150, deadline=None)
def test_whole_runs_keep_their_promises(verdicts, policy, per_loop, loops):
    now = run(seed_policy=policy, iterations_per_loop=per_loop, max_loops=loops)
    for verdict in verdicts:
        before, now = now, judged(now, verdict)
        assert len(now.iterations) <= per_loop * loops
        scored = [i for i in now.iterations if i.critique.score is not None]
        assert (now.best is None) == (not scored)
        if scored:
            assert now.best.rank == max(i.rank for i in scored)
            accepted = [i for i in now.iterations if i.decision.kind == "accept"]
            assert accepted[-1] == now.best, "the last accepted iteration is the best one"
        assert next_step(now) == next_step(now), "the policy is a pure function"
        step = advanced(now)
        if isinstance(step, Stop):
            assert step.reason
            return
        plan = step.pending.plan
        _check_plan(step, plan, policy)
        assert plan.settings not in [i.settings for i in before.iterations]
        now = step


def _check_plan(now, plan, policy):
    base = now.best.settings if now.best else SETTINGS
    allowed = ranges(now.family, SETTINGS.steps, SETTINGS.cfg)
    assert plan.settings.prompt.startswith(SETTINGS.prompt)
    assert token_estimate(plan.settings.prompt) - token_estimate(SETTINGS.prompt) <= MAX_EXTRA_TOKENS
    assert plan.settings.negative.startswith(SETTINGS.negative)
    assert len(split_clauses(plan.settings.negative)) <= MAX_NEGATIVE_TERMS
    assert allowed.steps[0] <= plan.settings.steps <= allowed.steps[1]
    assert allowed.cfg[0] <= plan.settings.cfg <= allowed.cfg[1]
    assert abs(plan.settings.cfg - base.cfg) <= 0.5 + 1e-9
    assert abs(plan.settings.steps - base.steps) <= max(1, round(base.steps * 0.15))
    if policy == "keep":
        assert plan.settings.seed == SETTINGS.seed
    if policy == "new":
        assert plan.settings.seed != base.seed


def test_next_settings_start_from_the_best_not_from_a_rejected_picture():
    first = advanced(judged(run(), critique(0.6, prompt_append="deep snow")))
    worse = judged(first, critique(0.3, prompt_append="blue sky"))
    assert worse.iterations[-1].decision.kind == "reject"
    plan = next_step(worse)
    assert "deep snow" in plan.settings.prompt or "blue sky" in plan.settings.prompt
    assert plan.wording.clauses == ("blue sky", "deep snow"), "both are proposals; neither is piled on the rejected one"
    assert "from iteration 1" in plan.reason.lower() or "On from iteration 1" in plan.reason


def test_a_clause_that_keeps_being_rejected_is_dropped():
    now = judged(run(seed_policy="new"), critique(0.6, prompt_append="deep snow"))
    for _ in range(CLAUSE_TRIES):
        now = advanced(now)
        assert "deep snow" in now.pending.plan.settings.prompt
        now = judged(now, critique(0.2))
    assert "deep snow" not in next_step(now).settings.prompt


def test_done_needs_a_passed_critique_not_a_vote():
    assert not isinstance(next_step(judged(run(), critique(0.95, done=True))), Stop)
    stop = next_step(judged(run(), critique(0.9, passed=True)))
    assert stop.status == "done"


def test_the_offline_judge_never_says_done():
    stop = next_step(judged(run(), unseen(1.0)))
    assert stop.status == "unverified"
    assert stop.reason.startswith("No judge has looked at iteration 1.")
    broken = judged(advanced(judged(run(), unseen(0.0))), unseen(0.2))
    assert not isinstance(next_step(broken), Stop), "two pictures that nobody looked at are no failed judgements"


def continued(story):
    """The run with its next render pending after the user continued it."""
    story = story.model_copy(update={"continued_after": len(story.iterations), "extra_loops": 3})
    return story.model_copy(update={"pending": Pending(prompt_id="p9", plan=continued_plan(story, ""))})


def test_what_nobody_looked_at_never_leads():
    seen = advanced(judged(run(), critique(0.5)))
    story = judged(seen, unseen(1.0))
    assert story.best.number == 1
    assert story.iterations[1].decision.kind == "reject"
    assert story.iterations[1].decision.reason.startswith("Not looked at.")
    assert story.result.number == 1
    later = judged(continued(story), critique(0.55))
    assert later.best.number == 3, "a later picture has to beat what was seen, not what was measured"


def test_a_run_of_pictures_that_nobody_judged_shows_the_latest():
    failed = advanced(judged(run(), critique(None)))
    story = judged(failed, critique(None))
    assert (story.best, story.result.number) == (None, 2)
    assert next_step(story).status == "judge_failed"
    assert "take one yourself" in next_step(story).reason
    sound = judged(continued(judged(run(), unseen(1.0))), unseen(0.1))
    assert sound.result.number == 1, "the sound one"


def test_the_score_of_an_offline_judge_of_0_1_0_is_read_as_what_it_was():
    old = {"judge": "offline", "outcome": "judged", "score": 0.8, "passed": True, "sees_content": False}
    found = Critique.model_validate(old)
    assert (found.score, found.technical, found.sound) == (None, 0.8, True)


@pytest.mark.parametrize(
    ("verdict", "relook", "said"),
    [
        (itemised(0.9, 0.9, score=0.7), None, "the score 0.70 is below 0.80"),
        (itemised(0.9, 0.9, score=0.85), itemised(0.9, 0.1), "A second look did not confirm it: a hat."),
        (itemised(0.9, 0.9, score=0.85), critique(None), "There was no second look. The snow is missing."),
        (itemised(0.9, 0.2), None, "Still failing: a hat."),
        (
            itemised(0.9, 0.9, score=0.85).model_copy(update={"checks": {"faces": 0.1}}),
            None,
            "Faces or hands look wrong.",
        ),
        (itemised(0.9, 0.9, score=0.9).model_copy(update={"decides": False}), None, "This judge cannot tell"),
        (itemised(0.9, 0.2, score=0.5).model_copy(update={"decides": False}), None, "Still failing: a hat. This judge"),
    ],
)
def test_a_run_at_its_limit_says_why_the_best_is_not_confirmed(verdict, relook, said):
    story = judged(run(iterations_per_loop=1, max_loops=1), verdict)
    story = story.model_copy(
        update={"checklist": checklist("a fox", "a hat"), "relooks": {1: relook} if relook else {}}
    )
    stop = next_step(story)
    assert stop.status == "limit"
    assert said in stop.reason
    assert ("did not confirm" in stop.reason) is ("did not confirm" in said)


def test_limits_end_the_run_with_the_best():
    now = run(iterations_per_loop=2, max_loops=2)
    for score in (0.3, 0.6, 0.5):
        now = advanced(judged(now, critique(score)))
    assert (now.pending.plan.loop, now.pending.plan.index) == (2, 2)
    stop = next_step(judged(now, critique(0.4)))
    assert stop.status == "limit"
    assert "iteration 2" in stop.reason


def test_six_renders_without_a_better_one_end_the_run():
    now = judged(run(iterations_per_loop=50), critique(0.7))
    for _ in range(PLATEAU - 1):
        now = judged(advanced(now), critique(0.1))
    stop = next_step(judged(advanced(now), critique(0.1)))
    assert stop.status == "no_progress"


def test_one_failed_judgement_goes_on_two_in_a_row_end_the_run():
    once = judged(run(), critique(None))
    assert not isinstance(next_step(once), Stop)
    twice = judged(advanced(once), critique(None))
    assert next_step(twice).status == "judge_failed"


def test_a_kept_seed_with_nothing_to_change_stops_instead_of_rendering_the_same_again():
    stop = next_step(judged(run(seed_policy="keep"), critique(0.5)))
    assert stop.status == "no_progress"
    assert "seed_policy" in stop.reason


def test_a_new_loop_starts_from_the_best_with_a_new_seed():
    now = run(iterations_per_loop=1)
    now = advanced(judged(now, critique(0.75, prompt_append="deep snow")))
    assert now.pending.plan.loop == 2
    assert now.pending.plan.settings.seed != SETTINGS.seed


def test_auto_keeps_the_seed_only_while_words_are_all_that_is_missing():
    near = next_step(judged(run(), critique(0.75, prompt_append="deep snow")))
    assert near.settings.seed == SETTINGS.seed
    far = next_step(judged(run(), critique(0.4, prompt_append="deep snow")))
    assert far.settings.seed != SETTINGS.seed


def test_distilled_models_keep_their_cfg():
    flux = SETTINGS.model_copy(update={"cfg": 1.0})
    plan = next_step(judged(run(settings=flux), critique(0.5, cfg=8.0, steps=None)))
    assert plan.settings.cfg == 1.0


def test_parameters_move_one_step_when_no_words_are_proposed():
    plan = next_step(judged(run(), critique(0.5, cfg=12.0)))
    assert plan.settings.cfg == pytest.approx(7.5)
    assert plan.settings.steps == 20


def test_a_duplicate_is_rejected_and_teaches_nothing():
    first = judged(run(), critique(0.5)).model_copy(update={"steered": {"steps": ("steps of node 5 (KSampler)",)}})
    again = judged(advanced(first), critique(0.5, prompt_append="never seen"), duplicate_of=1)
    assert again.iterations[-1].decision.kind == "reject"
    plan = next_step(again)
    assert plan.wording.clauses == ()


def test_an_instruction_continues_from_the_best_and_makes_old_scores_void():
    ended = judged(advanced(judged(run(), critique(0.7, prompt_append="deep snow"))), critique(0.9, passed=True))
    told = ended.start.model_copy(
        update={"settings": SETTINGS.model_copy(update={"prompt": "a red fox, make it night"})}
    )
    going = ended.model_copy(update={"start": told, "fresh_from": 3, "continued_after": 2, "extra_loops": 3})
    plan = continued_plan(going, "make it night")
    assert plan.settings.prompt == "a red fox, make it night, deep snow"
    assert plan.settings.seed == ended.best.settings.seed
    assert plan.loop == 2
    worse = judged(going.model_copy(update={"pending": ended.pending.model_copy(update={"plan": plan})}), critique(0.4))
    assert worse.best.number == 3, "0.9 was about another goal"
    assert worse.iterations[-1].decision.kind == "accept"
