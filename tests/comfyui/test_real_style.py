"""StyleLoRAPicker with a real ComfyUI's own loaders, on tiny random weights and on full-size models without any."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ..conftest import ROOT
from ..lora_files import FAMILIES, NAMINGS, shapes, write_lora, write_raw
from .studio import PROMPT, Studio, clear
from .theatre import opened
from .tiny_models import lora, lora_of_another_family, lora_of_another_size, save, save_checkpoint

pytestmark = pytest.mark.comfyui
COMFYUI_PATH = os.environ.get("COMFYUI_PATH")
if not COMFYUI_PATH:
    pytest.skip("set COMFYUI_PATH to a ComfyUI checkout to run these", allow_module_level=True)

COUNTS = json.loads((ROOT / "tests" / "engine" / "style" / "fit_counts.json").read_text(encoding="utf-8"))
"""[parts, with a matching name, of the right size too] by "LoRA's family on model's family", of ComfyUI 0.8.0."""


@pytest.fixture(scope="module")
def comfyui(tmp_path_factory):
    base = tmp_path_factory.mktemp("style_weights")
    save_checkpoint(base / "models" / "checkpoints" / "tiny.safetensors")
    with opened(base, Path(COMFYUI_PATH), os.environ.get("COMFYUI_PYTHON")) as theatre:
        yield Studio(theatre, "tiny.safetensors")


@pytest.fixture
def studio(comfyui):
    """A real server with the tiny model and these LoRAs."""
    clear(comfyui)
    save(comfyui.loras / "watercolor_tiny.safetensors", lora())
    save(comfyui.loras / "drawn" / "inkwash.safetensors", lora(seed=8))
    save(comfyui.loras / "flux_oil_paint.safetensors", lora_of_another_family())
    save(comfyui.loras / "wide_claymation.safetensors", lora_of_another_size())
    return comfyui


def difference(one, other):
    return float(np.abs(one.astype(int) - other).mean())


def test_a_lora_changes_the_picture_as_comfyuis_own_loader_does(studio):
    plain, _ = studio.pick(mode="off")
    name = "watercolor_tiny.safetensors"
    values = {"mode": "fixed file", "lora_name": name, "trigger_words": "none"}
    styled, report = studio.pick(strength_model=0.8, strength_clip=0.6, **values)
    assert difference(plain, styled) > 5
    assert "13 of 13 parts fit. 12 of 12 text encoder parts fit." in report
    assert "Strength: 0.80 model, 0.60 CLIP, as set." in report
    graph = studio.graph(mode="off")
    graph["11"] = {
        "class_type": "LoraLoader",
        "inputs": {
            "model": ["1", 0],
            "clip": ["1", 1],
            "lora_name": name,
            "strength_model": 0.8,
            "strength_clip": 0.6,
        },
    }
    graph["5"]["inputs"]["model"], graph["2"]["inputs"]["clip"] = ["11", 0], ["11", 1]
    assert (studio.run(graph)[0] == styled).all()


def test_at_strength_0_the_picture_is_the_same(studio):
    prompt = "a fox, watercolor"
    plain, _ = studio.pick(prompt=prompt, mode="off")
    same, report = studio.pick(prompt=prompt, strength_model=0.0, strength_clip=0.0)
    assert (same == plain).all()
    assert "Strength 0: not applied" in report
    model_only, report = studio.pick(prompt=prompt, strength_clip=0.0, trigger_words="none")
    assert "Strength: 0.75 model, 0.00 CLIP, as the style suggests." in report
    assert difference(plain, model_only) > 5


def test_a_lora_of_another_family_is_refused(studio):
    name = "flux_oil_paint.safetensors"
    said = studio.refused(studio.graph(mode="fixed file", lora_name=name))
    assert "0 of 13 parts fit, so it would change nothing." in said
    assert "Your model is SD3." in said
    assert "Pick one for SD3: drawn/inkwash, watercolor_tiny" in said
    plain, _ = studio.pick(mode="off")
    values = {"mode": "fixed file", "lora_name": name, "on_mismatch": "skip and tell me"}
    same, report = studio.pick(**values)
    assert (same == plain).all()
    assert "Skipped: flux_oil_paint" in report


def test_a_lora_of_another_size_is_refused(studio):
    said = studio.refused(studio.graph(style="wide_claymation"))
    assert "0 of 13 parts fit, 13 have the right name but the wrong size" in said


def test_the_prompt_decides_and_gets_the_trigger_once(studio):
    (studio.loras / "watercolor_tiny.json").write_text(
        json.dumps({"activation text": "wtrclr wash", "preferred weight": 0.5}), encoding="utf-8"
    )
    graph = studio.graph(prompt="A fox, watercolor painting.")
    by_words, report = studio.run(graph)
    assert 'Style: watercolor, because the prompt says "watercolor painting".' in report
    assert "LoRA: watercolor_tiny (SD3), because its name fits *watercolor*." in report
    assert "Strength: 0.50 model, 0.50 CLIP, as the file's own notes suggest." in report
    assert 'Trigger: "wtrclr wash", from the file\'s own notes.' in report
    said_already, report = studio.pick(prompt="A fox, watercolor painting, wtrclr wash.")
    assert "the prompt has it already" in report
    assert (said_already == by_words).all()


def test_a_second_style_comes_weaker_on_top(studio):
    one, _ = studio.pick(style="watercolor", trigger_words="none")
    both, report = studio.pick(style="watercolor", second_style="inkwash", trigger_words="none")
    assert difference(one, both) > 1
    assert "LoRA: drawn/inkwash (SD3), because it has that name." in report
    assert "Strength: 0.40 model, 0.40 CLIP, from second_strength." in report


def test_tags_in_the_prompt_are_applied_and_taken_out(studio):
    tagged, report = studio.pick(prompt=f"{PROMPT} <lora:drawn/inkwash:0.7:0.3>")
    assert "Strength: 0.70 model, 0.30 CLIP, from the tag." in report
    values = {"mode": "fixed file", "lora_name": str(Path("drawn") / "inkwash.safetensors")}
    same, _ = studio.pick(strength_model=0.7, strength_clip=0.3, **values)
    assert (same == tagged).all()


def test_without_clip_the_model_alone_is_changed(studio):
    values = {"style": "watercolor", "trigger_words": "none"}
    _, report = studio.pick(clip=False, **values)
    assert "13 of 13 parts fit. Its 12 text encoder parts are not used: no CLIP is connected." in report
    alone, _ = studio.pick(strength_clip=0.0, **values)
    assert (alone == studio.pick(clip=False, **values)[0]).all()


def test_broken_files_are_told_and_disturb_no_other(studio):
    whole = (studio.loras / "watercolor_tiny.safetensors").read_bytes()
    (studio.loras / "cut.safetensors").write_bytes(whole[: len(whole) // 2])
    write_raw(studio.loras / "huge.safetensors", b"{}", length=2**40)
    write_raw(studio.loras / "junk.safetensors", b"no json at all")
    for name, told in (("cut", "cut short"), ("huge", "100 MB"), ("junk", "not the JSON")):
        said = studio.refused(studio.graph(style=name))
        assert f"{name}.safetensors cannot be used: " in said
        assert told in said
    assert "13 of 13" in studio.pick(style="watercolor")[1]


def test_equal_names_in_two_folders_are_a_tie_until_the_folder_is_named(studio):
    save(studio.loras / "other" / "inkwash.safetensors", lora(seed=9))
    said = studio.refused(studio.graph(style="inkwash"))
    assert "Several LoRAs match alike: drawn/inkwash, other/inkwash." in said
    assert "LoRA: other/inkwash" in studio.pick(style="other/inkwash")[1]


def test_only_a_changed_file_makes_a_finished_graph_old(studio):
    graph = studio.graph(style="watercolor", trigger_words="none")
    first, _ = studio.run(graph)

    def cached():
        entry = studio.client.run(graph)
        return next(set(data["nodes"]) for name, data in entry["status"]["messages"] if name == "execution_cached")

    assert {"10", "5"} <= cached()
    save(studio.loras / "drawn" / "charcoal.safetensors", lora(seed=11))
    assert {"10", "5"} <= cached(), "a file that it has nothing to do with"
    save(studio.loras / "watercolor_tiny.safetensors", lora(seed=12))
    again, _ = studio.run(graph)
    assert difference(first, again) > 1


def test_a_lora_for_no_part_of_the_model_but_its_text_encoder_is_refused(studio):
    mixed = {**lora_of_another_family(), **{n: t for n, t in lora().items() if n.startswith("lora_te1_")}}
    save(studio.loras / "mixed.safetensors", mixed)
    assert "0 of 13 parts fit" in studio.refused(studio.graph(style="mixed"))


def test_every_pair_of_ten_families_is_told_apart_by_comfyuis_own_matching(tmp_path):
    for family in FAMILIES:
        for naming in NAMINGS:
            write_lora(tmp_path / f"{family}, {naming}.safetensors", shapes(family, naming))
    script = Path(__file__).with_name("full_size_models.py")
    command = [os.environ.get("COMFYUI_PYTHON") or sys.executable, str(script), COMFYUI_PATH, str(ROOT), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout)
    assert {"SD 1.5", "SDXL", "FLUX.1", "Qwen-Image", "Wan 14B", "Wan 1.3B", "LTX-Video"} <= set(found["families"])
    assert all(name == family for name, family in found["families"].items())
    for pair in found["pairs"]:
        family = pair["lora"].split(", ")[0]
        assert pair["lora_family"] == family, pair
        assert pair["verdict"] == ("apply" if family == pair["model"] else "refuse"), pair
        assert pair["counts"] == COUNTS[f"{family} on {pair['model']}"], pair
