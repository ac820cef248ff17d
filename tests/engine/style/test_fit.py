from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pack.engine.style.fit import Counts, Verdict, judge_fit, refusal, text_sentence

COUNTED = json.loads((Path(__file__).parent / "fit_counts.json").read_text(encoding="utf-8"))
"""[parts, with a matching name, of the right size too], counted by ComfyUI 0.8.0 on full-size models."""
NONE = Counts()


@pytest.mark.parametrize("pair", COUNTED)
def test_every_pair_of_ten_families_is_told_apart(pair):
    lora, model = pair.split(" on ")
    fit = judge_fit(Counts(*COUNTED[pair]), None)
    assert fit.verdict is (Verdict.APPLY if lora == model else Verdict.REFUSE), fit.sentence


def test_all_hundred_pairs_are_recorded_and_names_alone_would_not_do():
    assert len(COUNTED) == 100
    fooled = [p for p, (_, matched, _) in COUNTED.items() if matched and len(set(p.split(" on "))) == 2]
    assert len(fooled) == 10
    assert COUNTED["FLUX.1 on FLUX.2 klein 4B"] == [228, 80, 20]


@pytest.mark.parametrize(
    ("counts", "verdict", "sentence"),
    [
        (Counts(700, 0, 0), Verdict.REFUSE, "0 of 700 parts fit, so it would change nothing."),
        (
            Counts(228, 140, 0, ("w", (9, 3), (4, 2))),
            Verdict.REFUSE,
            "0 of 228 parts fit, 140 have the right name but the wrong size (4x2 where the model has 9x3), "
            "so it would change nothing.",
        ),
        (Counts(700, 80, 40), Verdict.REFUSE, "40 of the 80 parts with a matching name have the wrong size."),
        (Counts(100, 100, 89), Verdict.REFUSE, "11 of the 100 parts with a matching name have the wrong size."),
        (Counts(100, 100, 90), Verdict.APPLY, "90 of 100 parts fit."),
        (
            Counts(100, 49, 49),
            Verdict.WARN,
            "Only 49 of 100 parts fit: it will have less effect than it should.",
        ),
        (Counts(100, 50, 50), Verdict.APPLY, "50 of 100 parts fit."),
        (Counts(228, 228, 228), Verdict.APPLY, "228 of 228 parts fit."),
        # A part that changes weight and bias is counted twice by ComfyUI.
        (Counts(2, 4, 4), Verdict.APPLY, "2 of 2 parts fit."),
    ],
)
def test_the_rule(counts, verdict, sentence):
    fit = judge_fit(counts, None)
    assert (fit.verdict, fit.sentence) == (verdict, sentence)


def test_packed_weights_warn_and_refuse_nothing():
    fit = judge_fit(Counts(700, 0, 0), None, packed=True)
    assert fit.verdict is Verdict.WARN
    assert "cannot be checked" in fit.sentence


def test_text_parts_that_fit_do_not_make_up_for_a_model_that_does_not():
    assert judge_fit(Counts(228, 0, 0), Counts(72, 72, 72)).verdict is Verdict.REFUSE
    assert judge_fit(Counts(228, 228, 228), Counts(72, 0, 0)).verdict is Verdict.APPLY


def test_a_lora_of_text_parts_alone_is_judged_by_them():
    assert judge_fit(NONE, Counts(72, 72, 72)).verdict is Verdict.APPLY
    assert judge_fit(NONE, Counts(72, 0, 0)).verdict is Verdict.REFUSE
    assert judge_fit(NONE, None).verdict is Verdict.REFUSE


@settings(deadline=None)
@given(st.integers(0, 900), st.integers(0, 900), st.integers(0, 900))
def test_nothing_that_fits_nowhere_is_ever_applied(parts, matched, right):
    right = min(right, matched)
    fit = judge_fit(Counts(parts, matched, right), None)
    if min(parts, right) == 0:
        assert fit.verdict is Verdict.REFUSE
    if fit.verdict is Verdict.APPLY:
        assert 2 * min(right, parts) >= parts
        assert matched - right <= matched / 10
    assert str(parts) in fit.sentence or str(matched) in fit.sentence


def test_what_becomes_of_the_text_parts():
    assert text_sentence(0, None) == ""
    assert text_sentence(72, None) == "Its 72 text encoder parts are not used: no CLIP is connected."
    assert text_sentence(72, Counts(72, 70, 70)) == "70 of 72 text encoder parts fit."


@pytest.mark.parametrize(
    ("lora", "model", "others", "message"),
    [
        (
            "SDXL",
            "FLUX.1",
            ["inkflux", "flux_pixel"],
            "anime_xl was trained for SDXL. Your model is FLUX.1. 0 of 700 parts fit, so it would change nothing. "
            "Pick one for FLUX.1: inkflux, flux_pixel.",
        ),
        (
            "SDXL",
            "FLUX.1",
            [],
            "anime_xl was trained for SDXL. Your model is FLUX.1. 0 of 700 parts fit, so it would change nothing. "
            "Get one for FLUX.1; none is installed.",
        ),
        (
            "",
            "FLUX.1",
            ["inkflux"],
            "anime_xl does not fit. Your model is FLUX.1. 0 of 700 parts fit, so it would change nothing. "
            "Pick one for FLUX.1: inkflux.",
        ),
        (
            "SDXL",
            "",
            [],
            "anime_xl was trained for SDXL. 0 of 700 parts fit, so it would change nothing. "
            "Pick a LoRA that was made for your model.",
        ),
    ],
)
def test_the_refusal_says_what_to_do(lora, model, others, message):
    assert refusal("anime_xl", lora, model, judge_fit(Counts(700), None).sentence, others) == message
