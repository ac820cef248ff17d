"""The network's sums: against plain enumeration, and against what anybody would conclude."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pack.engine.loop.belief import posterior, priors
from pack.engine.loop.belief.judge_reliability import JudgeReliability, loudness
from pack.engine.loop.belief.observations import OWN, Observations
from pack.engine.loop.belief.posterior import EDIT_KEEPS, EDIT_MENDS, infer
from pack.engine.loop.belief.worth import same_seed_candidate

YES, NO = 2.0, -2.0


def a_judge(asked, separation=1.6, one=2.1, two=1.5, bias=0.35):
    return JudgeReliability(*(np.full(asked, value) for value in (separation, one, two, bias)))


def observed(logits, arms=None, looks=None, blank=None, edits=None, known=None, beside=None, truth=None, said=None):
    """edits: by picture, (of which, for which requirement)."""
    logits = np.array(logits, dtype=float)
    count, asked = logits.shape
    arms = np.zeros(logits.shape, dtype=int) if arms is None else np.array(arms)
    edits = edits or {}
    return Observations(
        logits=logits,
        looks=np.ones(count, dtype=int) if looks is None else np.array(looks),
        arms=arms,
        beside=(arms > 0).sum(axis=1, keepdims=True) - (arms > 0) if beside is None else np.array(beside),
        seeds=np.arange(count),
        edit_of=np.array([edits.get(m, (-1, -1))[0] for m in range(count)]),
        target=np.array([edits.get(m, (-1, -1))[1] for m in range(count)]),
        truth=np.full(logits.shape, np.nan) if truth is None else np.array(truth, dtype=float),
        said=np.ones(asked, dtype=bool) if said is None else np.array(said),
        blank=np.full(asked, np.nan) if blank is None else np.array(blank, dtype=float),
        known=known or {},
    )


def enumerated(seen, judge):
    """met, by going through every value of every variable of a small network."""
    loud = loudness(seen.logits, judge)
    values, bias_prior = priors.bias_points(judge.bias_spread, seen.blank / loud + judge.separation)
    kernels, rates = priors.clause_kernels(), priors.crowded_rates()
    count, asked = seen.logits.shape
    shared = np.zeros((len(priors.CROWDING), len(priors.EDITORS)))
    met = np.zeros((*shared.shape, count, asked))
    for s, h in itertools.product(*map(range, shared.shape)):
        total = priors.CROWDING_PRIOR[s] * priors.EDITOR_PRIOR[h]
        for q in range(asked):
            clauses = sorted(set(seen.arms[:, q].tolist()) - {OWN})
            cells = range(len(priors.RATES))
            evidence, found = 0.0, np.zeros(count)
            for b, responds, own in itertools.product(range(values.shape[1]), (0, 1), cells):
                for chosen in itertools.product(cells, repeat=len(clauses)):
                    weight = bias_prior[b] * (priors.RESPONDS if responds else 1 - priors.RESPONDS)
                    weight *= priors.OWN_WORDS[own]
                    for cell in chosen:
                        weight *= kernels[int(seen.said[q]), h, own, cell] if responds else float(cell == own)
                    if not weight:
                        continue
                    at = {OWN: own, **dict(zip(clauses, chosen, strict=True))}
                    chances = np.zeros(count)
                    for m in range(count):
                        rate = rates[s, seen.beside[m, q], at[int(seen.arms[m, q])]]
                        variance = judge.two[q] if seen.looks[m] > 1 else judge.one[q]
                        distance = seen.logits[m, q] / loud - values[q, b]
                        yes = np.exp(-((distance - judge.separation[q]) ** 2) / (2 * variance))
                        no = np.exp(-((distance + judge.separation[q]) ** 2) / (2 * variance))
                        weight *= rate * yes + (1 - rate) * no
                        chances[m] = rate * yes / (rate * yes + (1 - rate) * no)
                    evidence += weight
                    found += weight * chances
            total *= evidence
            met[s, h, :, q] = found / evidence
        shared[s, h] = total
    shared /= shared.sum()
    return np.einsum("sh,shmq->mq", shared, met)


@pytest.mark.parametrize(
    ("logits", "arms", "looks", "said"),
    [
        ([[1.5, -1.0]], [[0, 0]], [1], [True, True]),
        ([[1.0, -1.5], [2.0, 1.0], [-0.5, 0.5]], [[0, 0], [0, 1], [1, 1]], [2, 1, 1], [False, True]),
        ([[-1.0, 2.0], [-1.2, 1.8], [0.4, -0.6], [1.5, 1.5]], [[0, 0], [1, 0], [2, 0], [2, 1]], [1, 1, 2, 1], [1, 0]),
    ],
)
def test_the_sums_are_exact(logits, arms, looks, said, monkeypatch):
    monkeypatch.setattr(posterior, "UNLIKELY", -1e9)
    monkeypatch.setattr(posterior, "MOST_RATIO", 1e9)
    seen, judge = observed(logits, arms, looks, said=np.array(said, dtype=bool)), a_judge(2)
    assert infer(seen, judge).met == pytest.approx(enumerated(seen, judge), abs=1e-9)


def test_a_requirement_nobody_asks_about_changes_nothing_about_the_others():
    alone = infer(observed([[YES], [NO], [YES]], [[0], [1], [1]]), a_judge(1))
    beside = infer(observed([[YES, np.nan], [NO, np.nan], [YES, np.nan]], [[0, 0], [1, 0], [1, 0]]), a_judge(2))
    assert beside.met[:, 0] == pytest.approx(alone.met[:, 0], abs=1e-9)


def test_wordings_are_told_apart_by_their_pictures():
    seen = observed([[NO], [NO], [NO], [YES], [YES], [NO]], [[0], [0], [0], [1], [1], [2]])
    belief = infer(seen, a_judge(1))
    own, good, bad = (belief.arms[0][arm] for arm in (0, 1, 2))
    assert good.mean[0] > 0.6 > 0.3 > bad.mean[0] > own.mean[0]
    assert (own.shown, good.shown, bad.shown) == (3, 2, 1)
    assert own.met < 0.5 < 1.7 < good.met


def test_where_words_change_nothing_the_next_clause_is_expected_to_change_nothing():
    arms = [[n] for n in range(5) for _ in range(4)]
    luck = infer(observed([[YES], [NO], [NO], [YES]] * 5, arms), a_judge(1))
    words = infer(observed([[NO]] * 4 + [[YES]] * 4 + [[NO]] * 4, arms[:12]), a_judge(1))
    assert luck.responds[0] < priors.RESPONDS < words.responds[0]
    assert luck.fresh[0].spread[0] < words.fresh[0].spread[0]


def test_a_clause_for_what_nobody_asked_for_promises_more():
    """Two requirements that the user's words bring alike; only the second is in the prompt. Pictures are as sure."""
    belief = infer(observed([[YES, YES], [NO, NO], [NO, NO]], said=[False, True]), a_judge(2))
    missing, said = belief.fresh
    assert missing.mean[0] > said.mean[0] + 0.05
    assert belief.arms[0][OWN].mean[0] == pytest.approx(belief.arms[1][OWN].mean[0], abs=1e-9)
    assert belief.met[:, 0] == pytest.approx(belief.met[:, 1], abs=1e-9)


def test_clauses_that_fail_everywhere_make_the_next_one_less_promising():
    def after(first):
        """Four requirements that the user's words miss; clauses for three of them end so."""
        arms = [[0] * 4] * 2 + [[n, n, n, 0] for n in range(1, 5)]
        return infer(observed([[NO] * 4] * 2 + [[first] * 3 + [NO]] * 4, arms), a_judge(4))

    assert after(NO).fresh[3].mean[0] < after(YES).fresh[3].mean[0] - 0.02


def test_prompts_that_lose_things_with_each_clause_are_noticed():
    plain, crowded = [YES] * 5, [NO] * 5
    none = [[0] * 5] * 4
    three = [[1, 2, 3, 0, 0], [4, 5, 6, 0, 0], [7, 8, 9, 0, 0]]
    hurt = infer(observed([plain] * 4 + [[YES] * 3 + crowded[:2]] * 3, none + three), a_judge(5))
    fine = infer(observed([plain] * 7, none + three), a_judge(5))
    lost, kept = (one.arms[4][OWN].mean[0] - one.arms[4][OWN].mean[3] for one in (hurt, fine))
    assert lost > 0.1 and lost > 2 * kept


def test_a_question_that_is_always_answered_yes_says_little():
    """Ten pictures of ten wordings that all say yes, most of them loudly: rather the judge's habit than all met."""
    blank = infer(observed([[YES]] * 3, blank=[2.5]), a_judge(1))
    usual = infer(observed([[YES]] * 3, blank=[-2.5]), a_judge(1))
    assert blank.met[0, 0] < usual.met[0, 0] - 0.05


def test_an_answer_that_is_no_stronger_than_on_a_blank_picture_makes_nothing_sure():
    loud = infer(observed([[6.0]] * 3, blank=[6.0]), a_judge(1))
    assert loud.met[0, 0] < 0.5
    assert infer(observed([[6.0]] * 3, blank=[-2.0]), a_judge(1)).met[0, 0] > 0.9


def test_a_second_look_that_agrees_makes_sure():
    once, twice = (infer(observed([[YES]], looks=[looks]), a_judge(1)).met[0, 0] for looks in (1, 2))
    assert once < twice


def test_answers_louder_than_the_judge_can_mean_are_turned_down():
    judge = a_judge(3)
    quiet, loud = np.full((6, 3), 1.2), np.full((6, 3), 3.9)
    assert loudness(quiet, judge) == 1.0
    assert 1.2 < loudness(loud, judge) < 3.9 / 1.6
    assert loudness(np.full((2, 3), np.nan), judge) == 1.0


def test_an_edited_picture_is_expected_to_be_like_its_source():
    seen = observed([[YES, NO, YES], [np.nan] * 3], edits={1: (0, 1)})
    belief = infer(seen, a_judge(3))
    before, after = belief.met
    assert after[[0, 2]] == pytest.approx(before[[0, 2]] * EDIT_KEEPS)
    assert after[1] == pytest.approx(before[1] * EDIT_KEEPS + (1 - before[1]) * EDIT_MENDS)
    told = infer(observed([[YES, NO, YES], [YES, YES, YES]], edits={1: (0, 1)}), a_judge(3))
    assert (told.met[1] > after).all()
    assert told.arms[1][OWN].shown == 1, "it says nothing about the wording"


def test_past_runs_count_like_pictures():
    none = infer(observed([[NO]], known={(0, 1): (0.0, 0.0)}), a_judge(1)).arms[0][1]
    good = infer(observed([[NO]], known={(0, 1): (4.0, 0.0)}), a_judge(1)).arms[0][1]
    bad = infer(observed([[NO]], known={(0, 1): (0.0, 4.0)}), a_judge(1)).arms[0][1]
    assert bad.mean[0] < none.mean[0] < good.mean[0]
    assert good.shown == 0, "not in this run"


LOGIT = st.sampled_from([-3.9, -1.0, 0.3, 2.0, 3.9, float("nan")])


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_whatever_is_seen_gives_probabilities(data):
    count, asked = data.draw(st.integers(1, 6)), data.draw(st.integers(1, 4))
    cells = st.lists(st.lists(LOGIT, min_size=asked, max_size=asked), min_size=count, max_size=count)
    arms = st.lists(st.lists(st.integers(0, 3), min_size=asked, max_size=asked), min_size=count, max_size=count)
    edits = {m: (m - 1, data.draw(st.integers(0, asked - 1))) for m in range(1, count) if data.draw(st.booleans())}
    blank = data.draw(st.lists(LOGIT, min_size=asked, max_size=asked))
    looks = data.draw(st.lists(st.integers(1, 2), min_size=count, max_size=count))
    seen = observed(data.draw(cells), data.draw(arms), looks, blank, edits)
    belief = infer(seen, a_judge(asked))
    for values in (belief.met, belief.responds, belief.all_met):
        assert ((values >= 0) & (values <= 1)).all()
    for tried, fresh in zip(belief.arms, belief.fresh, strict=True):
        for arm in (*tried.values(), fresh):
            assert ((arm.mean >= 0) & (arm.mean <= 1)).all() and (arm.spread >= 0).all()
            assert (np.diff(arm.mean) <= 1e-12).all(), "more clauses beside it never help"
    assert posterior.infer(seen, a_judge(asked)).met.tolist() == belief.met.tolist()


def test_the_users_word_is_the_truth_and_tells_what_the_judge_is_worth():
    nobody = np.full((6, 1), np.nan)
    told = nobody.copy()
    told[:3] = 0.0
    before = infer(observed([[YES]] * 6, truth=nobody), a_judge(1)).met[:, 0]
    after = infer(observed([[YES]] * 6, truth=told), a_judge(1)).met[:, 0]
    assert np.all(after[:3] < 0.001)
    assert np.all(after[3:] < before[3:] - 0.2), "the same answer about the other pictures is worth less now"
    unseen = infer(observed([[np.nan], [YES]], truth=[[1.0], [np.nan]]), a_judge(1)).met[:, 0]
    assert unseen[0] > 0.999, "also where the judge saw nothing"


def test_a_wording_whose_only_picture_tells_nothing_is_believed_as_one_nobody_tried():
    """As where the parent of a requirement fails in the picture that was painted with its clause."""
    seen = observed([[NO, YES], [np.nan, YES]], arms=[[0, 0], [1, 0]])
    belief = infer(seen, a_judge(2))
    assert belief.arms[0][1].shown == 0
    assert belief.arms[0][1].mean == pytest.approx(belief.fresh[0].mean)
    same_seed_candidate(belief, seen, 1, 1, np.array([True, True]))
