"""From looks of known lookers at known pictures, the fit finds the lookers again."""

from __future__ import annotations

import random

import numpy as np
import pytest
from pack.engine.experiment.fitting import FitUnusable, fit_lines, fit_reports
from pack.engine.experiment.prompts import draw_prompts
from pack.engine.experiment.record import LookedAtPicture, PictureLook, PlayedRun, PromptRecord, RenderVerdict
from pack.engine.experiment.report import make_report
from pack.engine.judge.scoring import sigmoid
from pack.engine.loop.belief.priors import RATES

from .reports import SETUP, drawn_report, played

JUDGE = {"separation": 1.2, "spread": 1.3, "agreement": 0.5, "threshold": 0.4}
REFEREE = {"separation": 2.0, "spread": 1.0, "agreement": 0.3, "threshold": 0.0}
PICTURES = 4


def look(by, wording, logits):
    return PictureLook(by=by, wording=wording, p={name: round(sigmoid(v), 4) for name, v in logits.items()})


def drawn(dice, looker, met, question):
    """Logits of both wordings: an error of the question, one of the picture, and one of each wording."""
    middle = looker["threshold"] + looker["separation"] * (1 if met else -1) + question
    shared = dice.gauss(0, looker["spread"] * looker["agreement"] ** 0.5)
    return [middle + shared + dice.gauss(0, looker["spread"] * (1 - looker["agreement"]) ** 0.5) for _ in (1, 2)]


def world(seed=1, count=90, question_spread=0.0, common=0.0, ticked=0, rates=(0.1, 0.91)):
    """A report over prompts whose requirements are met with one of these rates, four pictures each."""
    dice = random.Random(seed)
    prompts, records, ticks = draw_prompts(count, seed), {}, {}
    for prompt in prompts:
        record = PromptRecord(id=prompt.id, looked=True)
        names = [f"r{n}" for n, _ in enumerate(prompt.requirements, 1)]
        rate = {name: dice.choice(rates) for name in names}
        bias = {name: dice.gauss(0, question_spread) for name in names}
        verdicts, keys = [], []
        for number in range(1, PICTURES + 1):
            met = {name: dice.random() < rate[name] for name in names}
            mine, theirs = {}, {}
            for name in names:
                both = dice.gauss(0, 1)
                mine[name] = [v + common * both for v in drawn(dice, JUDGE, met[name], bias[name])]
                theirs[name] = [v + common * both for v in drawn(dice, REFEREE, met[name], 0.0)]
            looks = [
                look(by, w, {name: said[name][w - 1] for name in names})
                for by, said in (("judge", mine), ("referee", theirs))
                for w in (1, 2)
            ]
            key = f"{prompt.id}-{number}"
            keys.append(key)
            record = record.with_picture(
                LookedAtPicture(key=key, run_id="20260101-120000-0123abcd", name="a.png", looks=tuple(looks))
            )
            p = {name: round(sigmoid(mine[name][0]), 4) for name in names}
            verdicts.append(RenderVerdict(number=number, looks=1, soft=True, own_words=True, p=p))
            if len(ticks) < ticked:
                ticks[key] = met
        run = played("seeds", *keys).model_copy(update={"verdicts": tuple(verdicts)})
        records[prompt.id] = record.with_run(run)
    return make_report(f"e{seed}", 1.0, SETUP, ["seeds"], {}, prompts, records, ticks)


def test_the_lookers_are_found_again():
    fit = fit_reports([world()])
    all_of = next(one for one in fit.kinds if one.kind == "all")
    assert all_of.n > 1500
    for found, truth in ((all_of.judge, JUDGE), (all_of.referee, REFEREE)):
        assert found.separation == pytest.approx(truth["separation"], abs=0.15)
        assert found.spread == pytest.approx(truth["spread"], abs=0.15)
        assert found.agreement == pytest.approx(truth["agreement"], abs=0.12)
        assert found.threshold == pytest.approx(truth["threshold"], abs=0.2)
    assert all_of.met == pytest.approx(0.5, abs=0.05)
    assert {one.kind for one in fit.kinds} >= {"all", "object", "count", "relation"}
    assert fit.common is None


def test_an_error_of_the_question_is_told_from_one_of_the_picture():
    assert fit_reports([world(seed=2)]).question_spread < 0.3
    assert fit_reports([world(seed=2, question_spread=0.9)]).question_spread == pytest.approx(0.9, abs=0.25)


def test_errors_that_both_share_are_seen_where_a_person_ticked():
    alone = fit_reports([world(seed=3, ticked=60)])
    together = fit_reports([world(seed=3, ticked=60, common=1.0)])
    assert alone.ticked > 200
    assert abs(alone.common) < 0.2
    assert together.common > 0.35


def test_the_rates_of_the_users_own_words():
    fit = fit_reports([world(seed=4, rates=(0.02, 0.98))])
    assert sum(fit.own_words) == pytest.approx(1.0, abs=0.01)
    assert fit.own_words[0] + fit.own_words[1] > 0.3
    assert fit.own_words[-1] + fit.own_words[-2] > 0.3
    assert np.dot(fit.own_words, RATES) == pytest.approx(0.5, abs=0.08)
    assert fit.questions > 300


def test_it_is_told_as_the_policys_files_hold_it():
    text = "\n".join(fit_lines(fit_reports([world(seed=5, count=30)])))
    for words in ("UNTESTED = Reliability(separation=", "BIAS_TESTED = ", "OWN_WORDS = np.array([", "not known. Tick"):
        assert words in text


def test_too_little_is_refused():
    with pytest.raises(FitUnusable, match="at least 30"):
        fit_reports([drawn_report(1, {"seeds": 0.8}, count=1, arms=["seeds"])])


def test_runs_of_made_checklists_tell_no_rates():
    report = world(seed=6, count=20)
    made = report.model_copy(update={"setup": report.setup.model_copy(update={"checklists": "made"})})
    assert fit_reports([made]).questions == 0
    assert isinstance(report.prompts[0].runs["seeds"], PlayedRun)
