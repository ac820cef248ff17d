"""Ends of runs that change nothing, and of runs whose renders cost money."""

from __future__ import annotations

from pack.engine.loop.plan import Plan
from pack.engine.loop.policy import next_step
from pack.engine.loop.run import Stop
from pack.engine.settings import Limits

from .runs import SETTINGS, advanced, critique, judged, run

STEERED = {"prompt": ("text of node 2 (CLIPTextEncode)",), "seed": ("seed of node 5 (KSampler)",)}


def repeated(fingerprint="", steered=STEERED, **fields):
    """Two renders of the same picture, from other words and another seed unless it is kept."""
    begun = run(**fields).model_copy(update={"steered": steered, "judged": "node 18 (VAEDecode)"})
    second = judged(advanced(judged(begun, critique(0.5, prompt_append="deep snow"))), critique(0.5), duplicate_of=1)
    marked = [i.model_copy(update={"fingerprint": fingerprint}) for i in second.iterations]
    return second.model_copy(update={"iterations": tuple(marked)})


def twice_more(**fields):
    """Three renders of the same picture, the same in every cell."""
    story = repeated("the same", **fields)
    return story.model_copy(
        update={"iterations": (*story.iterations, story.iterations[1].model_copy(update={"number": 3}))}
    )


def test_the_same_picture_from_another_seed_ends_the_run_and_names_the_nodes():
    stop = next_step(repeated())
    assert stop.status == "no_effect"
    for part in ("Iterations 1 and 2", "seed", "text of node 2 (CLIPTextEncode)", "node 18 (VAEDecode)"):
        assert part in stop.reason


def test_the_same_picture_from_other_words_ends_the_run_only_where_it_is_the_same_in_every_cell():
    assert next_step(repeated(seed_policy="keep")).status != "no_effect"
    assert getattr(next_step(repeated("the same", seed_policy="keep")), "status", "") != "no_effect", "once is luck"
    assert next_step(twice_more(seed_policy="keep")).status == "no_effect"


def test_words_that_change_nothing_prove_nothing_once_the_run_has_shown_another_picture():
    twice = repeated(fingerprint="the same", seed_policy="keep")
    first, second = twice.iterations
    third = second.model_copy(update={"number": 3, "duplicate_of": 2})
    other = second.model_copy(update={"duplicate_of": None, "fingerprint": "the same"})
    step = next_step(twice.model_copy(update={"iterations": (first, other, third)}))
    assert getattr(step, "status", "") != "no_effect"


def test_a_setting_that_the_graph_does_not_take_from_the_loop_says_nothing():
    words = {"prompt": STEERED["prompt"]}
    assert isinstance(next_step(repeated(steered=words)), Plan)
    assert next_step(twice_more(steered=words)).status == "no_effect"


def test_a_negative_prompt_counts_for_nothing_at_cfg_1():
    steered = {"negative": ("text of node 3 (CLIPTextEncode)",)}
    for cfg, ends in ((1.0, False), (7.0, True)):
        own = SETTINGS.model_copy(update={"cfg": cfg})
        twice = twice_more(steered=steered, seed_policy="keep", settings=own)
        other = twice.iterations[0].plan.settings.model_copy(update={"negative": "blurry, grey"})
        plan = twice.iterations[1].plan.model_copy(update={"settings": other})
        last = twice.iterations[2].model_copy(update={"plan": plan})
        step = next_step(twice.model_copy(update={"iterations": (*twice.iterations[:2], last)}))
        assert (isinstance(step, Stop) and step.status == "no_effect") is ends


PAID = {"paid_nodes": ("node 12 (GeminiImageNode)",)}


def test_paid_renders_end_the_run_when_they_are_used():
    paid = judged(run(limits=Limits(paid_renders=2)), critique(0.5)).model_copy(update=PAID)
    assert isinstance(next_step(paid.model_copy(update={"paid_used": 1})), Plan)
    stop = next_step(paid.model_copy(update={"paid_used": 2}))
    assert stop.status == "limit"
    assert "2 paid renders" in stop.reason
    assert "node 12 (GeminiImageNode)" in stop.reason
