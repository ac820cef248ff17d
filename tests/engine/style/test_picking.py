from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pack.engine.style.catalogue import Catalogue, extended
from pack.engine.style.fit import UNCHECKED, Fit, Verdict
from pack.engine.style.picking import depends_on, pick
from pack.engine.style.request import MISMATCHES, MODES, Refused, StyleRequest

from .shelf import STYLES, fits, lora, of_family

SKIP = "skip and tell me"
FILES = [
    lora("anime_style_xl", "SDXL", triggers=("anmstl, 1girl",), strength=0.9),
    lora("anime_flux", "FLUX.1"),
    lora("watercolor_v3", "SDXL"),
    lora("drawn/inkwash", "SDXL", triggers=("inkwash",)),
    lora("other/inkwash", "SDXL"),
    lora("cut", problem="the file is cut short. Get it again."),
]


def picked(prompt="a fox", family="SDXL", files=FILES, clip=True, check=fits, catalogue=STYLES, **request):
    return pick(StyleRequest(prompt, **request), catalogue, files, family, clip, check)


def refused(**given):
    with pytest.raises(Refused) as problem:
        picked(**given)
    skipped = picked(**{**given, "on_mismatch": SKIP})
    assert skipped.applied == ()
    assert f"Skipped: {problem.value}" in skipped.report
    assert skipped.report.endswith("No LoRA is applied.")
    return problem.value.input, str(problem.value)


def test_the_words_of_the_prompt_choose_the_style_and_the_model_chooses_the_file():
    found = picked("anime fox", "SDXL", check=of_family("SDXL"))
    assert found.lora_used == "<lora:anime_style_xl:0.90>"
    assert found.prompt == "anmstl, anime fox"
    assert found.trigger == "anmstl"
    assert found.report.splitlines() == [
        'Style: anime, because the prompt says "anime".',
        "LoRA: anime_style_xl (SDXL), because its name fits anime_style_xl*.",
        "228 of 228 parts fit.",
        "Strength: 0.90 model, 0.90 CLIP, as the file's own notes suggest.",
        'Trigger: "anmstl", from the file\'s own notes.',
    ]
    found = picked("Anime fox.", "FLUX.1", check=of_family("FLUX.1"))
    assert found.lora_used == "<lora:anime_flux:0.80>"
    assert found.prompt == "Anime fox, anime style."


def test_off_and_no_style_leave_the_prompt_as_it_is():
    for found in (picked(" anime , <lora:x:1>", mode="off"), picked(" a fox ,")):
        assert found.applied == ()
        assert found.trigger == found.lora_used == ""
    assert picked(" anime , <lora:x:1>", mode="off").prompt == " anime , <lora:x:1>"
    assert picked(" a fox ,").prompt == " a fox ,"


def test_a_named_style_comes_before_the_prompts_own():
    assert picked("anime fox", style="Watercolour").lora_used == "<lora:watercolor_v3:0.75>"
    assert picked("anime fox", style="auto").lora_used.startswith("<lora:anime_style_xl")


def test_strengths_in_order_of_trust():
    assert (
        picked("anime fox", use_suggested_strength=False, strength_model=0.3).lora_used
        == "<lora:anime_style_xl:0.30:0.80>"
    )
    assert picked("a fox <lora:anime_style_xl:0.2:0.1>").lora_used == "<lora:anime_style_xl:0.20:0.10>"
    assert picked("a fox <lora:anime_style_xl>").lora_used == "<lora:anime_style_xl:0.90>"
    own = {"strength_model": 0.6, "strength_clip": 0.6}
    found = picked(mode="fixed file", lora_name="watercolor_v3.safetensors", **own)
    assert found.lora_used == "<lora:watercolor_v3:0.60>"
    assert picked("anime fox", strength_clip=0).lora_used == "<lora:anime_style_xl:0.90:0.00>"


@pytest.mark.parametrize("given", [{"strength_model": 0, "strength_clip": 0}, {"strength_model": 0, "clip": False}])
def test_at_strength_0_nothing_is_applied_and_the_prompt_stays(given):
    found = picked("anime fox", **given)
    assert (found.applied, found.prompt) == ((), "anime fox")
    assert "Strength 0: not applied" in found.report


def test_a_second_style_is_weaker_and_never_the_same_file_twice():
    found = picked("anime fox", second_style="watercolor")
    assert found.lora_used == "<lora:anime_style_xl:0.90> <lora:watercolor_v3:0.40>"
    assert found.prompt == "anmstl, watercolor painting, anime fox"
    found = picked("anime fox", second_style="anime")
    assert found.lora_used == "<lora:anime_style_xl:0.90>"
    assert "anime_style_xl is applied already; not twice." in found.report
    assert picked("a fox", second_style="watercolor").lora_used == "<lora:watercolor_v3:0.40>"


def test_a_missing_style_names_what_is_near():
    place, said = refused(prompt="a fox, pixel art")
    assert place == "prompt"
    assert said.startswith("No LoRA for pixel art is installed. Nearest installed: ")
    assert "put a file whose name fits one of pixel_art_xl*, *pixel_art*, *pixelart* into the loras folder" in said
    place, said = refused(prompt="a fox", family="Wan 14B", style="watercolor")
    assert (place, "that can go with Wan 14B (there is watercolor_v3: SDXL)" in said) == ("style", True)


def test_a_missing_file_names_the_nearest():
    place, said = refused(style="watercolor_v4")
    assert (place, "Nearest installed: watercolor_v3" in said) == ("style", True)
    place, said = refused(mode="fixed file", lora_name="gone.safetensors")
    assert (place, '"gone.safetensors" is not in the loras folder' in said) == ("lora_name", True)
    assert "There is no usable LoRA in the loras folder." in refused(style="ghibli", files=[])[1]
    assert "(did you mean watercolor?)" in refused(style="watercolr", files=[])[1]


def test_a_lora_that_does_not_fit_is_refused_with_the_numbers():
    place, said = refused(style="anime_flux", check=of_family("SDXL"))
    assert place == "style"
    assert said == (
        "anime_flux was trained for FLUX.1. Your model is SDXL. 0 of 700 parts fit, so it would change nothing. "
        "Pick one for SDXL: anime_style_xl, watercolor_v3, drawn/inkwash."
    )
    kept = picked("a fox <lora:anime_flux:1>", check=of_family("SDXL"), on_mismatch=SKIP)
    assert kept.prompt == "a fox"


def test_one_that_does_not_fit_does_not_stop_the_other():
    found = picked(style="anime_flux", second_style="watercolor", check=of_family("SDXL"), on_mismatch=SKIP)
    assert found.lora_used == "<lora:watercolor_v3:0.40>"
    assert "Skipped: anime_flux was trained for FLUX.1." in found.report


def test_a_warning_is_told_and_the_lora_applied():
    found = picked("anime fox", check=lambda file: UNCHECKED)
    assert "Warning: Whether it fits could not be checked." in found.report
    assert found.applied


def test_a_broken_file_is_told_only_when_it_is_meant():
    assert refused(style="cut")[1] == "cut.safetensors cannot be used: the file is cut short. Get it again."
    assert "cut" not in picked("anime fox").report


def test_equal_names_are_a_tie_that_a_folder_or_the_model_ends():
    assert "Several LoRAs match alike: drawn/inkwash, other/inkwash." in refused(style="inkwash")[1]
    assert picked(style="other/inkwash").lora_used.startswith("<lora:other/inkwash:")
    only = picked(style="inkwash", check=lambda file: Fit(Verdict.REFUSE, "") if "other" in file.name else fits(file))
    assert only.lora_used.startswith("<lora:drawn/inkwash:")


def test_without_the_models_family_the_style_prefers_one():
    files = [lora("anime_a", "FLUX.2 dev"), lora("anime_b", "SDXL")]
    assert picked("anime fox", "", files).lora_used.startswith("<lora:anime_a:")


def test_a_file_of_the_models_family_comes_before_one_of_unknown_family():
    files = [lora("anime_a", ""), lora("anime_b", "SDXL")]
    assert picked("anime fox", "SDXL", files).lora_used.startswith("<lora:anime_b:")


def test_a_prompt_may_name_a_lora_that_no_style_knows():
    found = picked("a fox, inkwash on paper")
    assert found.lora_used.startswith("<lora:drawn/inkwash:")
    assert 'because the prompt has its trigger "inkwash"' in found.report
    assert 'Trigger: "inkwash", from the file\'s own notes; the prompt has it already.' in found.report
    near = picked("an old castle", files=[lora("castle", "SDXL")])
    assert near.applied == ()
    assert "Nearest LoRA: castle" in near.report
    assert picked("an old castle", files=[lora("castle", "SDXL")], min_match=0.2).applied


def test_two_that_the_prompt_names_alike_are_listed_and_nothing_stops():
    files = [lora("a", "SDXL", triggers=("inkwash",)), lora("b", "SDXL", triggers=("brushwork",))]
    found = picked("inkwash, brushwork", files=files)
    assert found.applied == ()
    assert "Several LoRAs match alike: a, b." in found.report


def test_min_match_holds_for_names():
    assert "no LoRA by that name" in refused(style="watercolor meadow of ghibli", min_match=0.9)[1]


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"mode": "by name"}, "style"),
        ({"mode": "fixed file"}, "lora_name"),
        ({"prompt": "<lora:x:y>"}, "prompt"),
        ({"style": "<lora:x:y>"}, "style"),
        ({"second_style": "<lora::1>"}, "second_style"),
    ],
)
def test_a_request_that_cannot_be_read_names_the_input(given, place):
    assert refused(**given)[0] == place


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"mode": "sometimes"}, "mode"),
        ({"trigger_words": "many"}, "trigger_words"),
        ({"trigger_position": "middle"}, "trigger_position"),
        ({"on_mismatch": "cry"}, "on_mismatch"),
        ({"style": "x" * 201}, "style"),
        ({"second_style": "x" * 201}, "second_style"),
        ({"style": 7}, "style"),
        ({"prompt": ["a"]}, "prompt"),
        ({"strength_model": float("nan")}, "strength_model"),
        ({"second_strength": 5}, "second_strength"),
    ],
)
def test_a_value_that_is_none_is_told(given, place):
    with pytest.raises(Refused) as problem:
        StyleRequest(**{"prompt": "a fox", **given})
    assert problem.value.input == place


def test_problems_of_the_styles_file_stand_first():
    broken = extended(STYLES, "{", "styles.json")
    assert picked("a fox", catalogue=broken).report.startswith("styles.json, line 1: is not valid JSON")
    assert picked("a fox", catalogue=Catalogue()).applied == ()


@pytest.mark.parametrize(
    ("given", "files"),
    [
        ({"mode": "fixed file", "lora_name": "watercolor_v3.safetensors"}, ["watercolor_v3"]),
        ({"prompt": "anime fox"}, ["anime_flux", "anime_style_xl"]),
        ({"style": "inkwash"}, ["drawn/inkwash", "other/inkwash"]),
        ({"prompt": "a fox, inkwash"}, ["drawn/inkwash", "other/inkwash"]),
        ({"mode": "off", "prompt": "anime"}, []),
        ({"prompt": "a fox"}, []),
        ({"prompt": "anime fox", "second_style": "watercolor"}, ["anime_flux", "anime_style_xl", "watercolor_v3"]),
    ],
)
def test_what_a_choice_depends_on(given, files):
    found = depends_on(StyleRequest(**{"prompt": "a fox", **given}), STYLES, FILES)
    assert sorted({file.short for file in found}) == files


@settings(deadline=None)
@given(
    st.text("anime <>lora:, ink0.5", max_size=40),
    st.sampled_from(["", "anime", "inkwash", "<lora:cut>", "nothing"]),
    st.sampled_from(MODES),
    st.sampled_from(["", "watercolor", "cut"]),
    st.sampled_from(MISMATCHES),
    st.sampled_from(["SDXL", "FLUX.1", ""]),
)
def test_whatever_is_asked_there_is_an_answer_or_a_refusal(prompt, style, mode, second, on_mismatch, family):
    given = {"style": style, "mode": mode, "second_style": second, "on_mismatch": on_mismatch}
    try:
        found = picked(prompt, family, check=of_family(family or "SDXL"), **given)
    except Refused as problem:
        assert on_mismatch != SKIP
        assert str(problem)
        return
    assert found.report
    assert len({one.file.name for one in found.applied}) == len(found.applied)
    assert all(one.file.family == (family or "SDXL") for one in found.applied)
