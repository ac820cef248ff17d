"""StyleLoRAPicker on any server: what is chosen, and what is said of it. Pictures: test_real_style.py."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ..lora_files import shapes, write_lora
from .conftest import COMFYUI_PATH, HOSTS
from .studio import NODE, Studio, clear, own_styles
from .theatre import opened
from .tiny_models import save_checkpoint


@pytest.fixture(scope="module", params=HOSTS)
def host(request, tmp_path_factory):
    base, checkpoint = tmp_path_factory.mktemp("style"), "sd_xl_base_1.0.safetensors"
    on_comfyui = request.param == "comfyui"
    if on_comfyui:
        checkpoint = "tiny.safetensors"
        save_checkpoint(base / "models" / "checkpoints" / checkpoint)
    path = Path(COMFYUI_PATH) if on_comfyui else None
    with opened(base, path, os.environ.get("COMFYUI_PYTHON") if on_comfyui else None) as theatre:
        yield Studio(theatre, checkpoint)


@pytest.fixture
def empty(host):
    """The server with no LoRA installed and no styles of the user's own."""
    clear(host)
    return host


def test_a_prompt_without_a_style_passes_through(empty):
    plain, report = empty.pick(mode="off")
    assert report == "Off: nothing is changed."
    same, report = empty.pick()
    assert (same == plain).all()
    assert report == "No style: the prompt has none of the words of a known style.\nNo LoRA is applied."


def test_a_missing_style_stops_or_is_skipped(empty):
    said = empty.refused(empty.graph(prompt="a fox, watercolor painting"))
    assert "Style LoRA Picker (node 10), input prompt: No LoRA for watercolor is installed" in said
    assert "*watercolor*" in said or "*aquarelle*" in said
    plain, _ = empty.pick(prompt="a fox, watercolor painting", mode="off")
    same, report = empty.pick(prompt="a fox, watercolor painting", on_mismatch="skip and tell me")
    assert (same == plain).all()
    assert 'because the prompt says "watercolor painting"' in report
    assert "Skipped: No LoRA for watercolor is installed" in report
    assert report.endswith("No LoRA is applied.")


def test_two_styles_alike_are_listed_and_none_is_chosen(empty):
    _, report = empty.pick(prompt="a cinematic anime fox")
    assert 'several alike: anime ("anime"), cinematic ("cinematic")' in report


def test_nonsense_is_told_where_it_is(empty):
    assert "input style: is empty" in empty.refused(empty.graph(mode="by name"))
    assert "input lora_name: no file is chosen" in empty.refused(empty.graph(mode="fixed file"))
    assert "input prompt: has <lora:x:much>" in empty.refused(empty.graph(prompt="a fox <lora:x:much>"))
    assert "input style: is longer than" in empty.refused(empty.graph(style="x" * 300))


def test_the_list_shows_new_files_without_a_restart(empty):
    def options():
        spec = empty.client.get(f"/object_info/{NODE}")[NODE]["input"]["optional"]["lora_name"]
        return spec[1].get("options", spec[0])

    assert options() == ["(none)"]
    write_lora(empty.loras / "new_one.safetensors", shapes("LTX-Video"))
    (empty.loras / "old.ckpt").write_bytes(b"pickle")
    assert empty.client.wait(lambda: options() == ["(none)", "new_one.safetensors"])


def test_styles_of_ones_own_work_without_a_restart(empty):
    assert '"swamp" is no known style' in empty.refused(empty.graph(style="swamp"))
    own_styles(empty, '{"swamp": {"words": ["swamp style"], "files": ["*swamp*"]}}')
    assert "No LoRA for swamp is installed" in empty.refused(empty.graph(style="swamp"))
    assert "No LoRA for swamp is installed" in empty.refused(empty.graph(prompt="a frog, swamp style"))


def test_a_broken_styles_file_is_told_by_line_and_disturbs_nothing(empty):
    own_styles(empty, '{\n "swamp": {"files": ["*swamp*"]},\n "bog": {"files": ["*"], "strengt": 1},\n "fen": 3\n}')
    _, report = empty.pick()
    assert 'styles.json, line 3: "bog" is left out: strengt: Extra inputs are not permitted' in report
    assert 'styles.json, line 4: "fen" is left out' in report
    assert "No LoRA for swamp is installed" in empty.refused(empty.graph(style="swamp"))
    own_styles(empty, '{\n "swamp": {"files": ["*swamp*"]\n')
    _, report = empty.pick()
    assert "styles.json, line 3: is not valid JSON" in report
    assert "No LoRA for anime is installed" in empty.refused(empty.graph(style="anime"))
