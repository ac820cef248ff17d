"""The comparison around ComfyUI's matching, which is stood in for by plain names. The real one: test_real_style.py."""

from __future__ import annotations

import sys
import types

import pytest
import torch
from pack.engine.style.fit import UNCHECKED, Verdict
from pack.engine.style.installed import read_lora, stamp_of
from pack.host import lora_fit

from ..lora_files import write_lora


class Adapter:
    def __init__(self, name, weights):
        self.name, self.weights = name, weights


@pytest.fixture
def matching(monkeypatch):
    """comfy.lora with keys that are the weights' names, and a list of what it was given to load."""
    loads = []

    def keys(module, key_map):
        return {name.removesuffix(".weight"): name for name in module.state_dict() if name.endswith(".weight")}

    def load_lora(tensors, key_map, log_missing=True):
        assert log_missing is False
        assert all(
            t.device.type == "meta" for name, t in tensors.items() if not name.endswith((".alpha", "reshape_weight"))
        )
        loads.append(sorted(tensors))
        found = {}
        for name, target in key_map.items():
            up, down = tensors.get(f"{name}.lora_up.weight"), tensors.get(f"{name}.lora_down.weight")
            if up is not None:
                enlarged = tensors.get(f"{name}.reshape_weight")
                found[target] = Adapter("lora", (up, down, None, None, None, enlarged))
            if f"{name}.lokr_w1" in tensors:
                found[target] = Adapter("lokr", ())
            if f"{name}.diff" in tensors:
                found[target] = ("diff", (tensors[f"{name}.diff"],))
        return found

    comfy = types.ModuleType("comfy")
    comfy.lora = types.SimpleNamespace(model_lora_keys_unet=keys, model_lora_keys_clip=keys, load_lora=load_lora)
    comfy.lora_convert = types.SimpleNamespace(convert_lora=dict)
    for name in ("comfy", "comfy.lora", "comfy.lora_convert"):
        monkeypatch.setitem(sys.modules, name, comfy if name == "comfy" else getattr(comfy, name.split(".")[1]))
    return types.SimpleNamespace(loads=loads, comfy=comfy)


def model(*sides, dtype=torch.float16):
    module = torch.nn.Module()
    module.blocks = torch.nn.ModuleList(torch.nn.Linear(1, 1, bias=False) for _ in sides)
    for block, (outputs, inputs) in zip(module.blocks, sides, strict=True):
        weight = torch.zeros(outputs, inputs, dtype=dtype)
        block.weight = torch.nn.Parameter(weight, requires_grad=False)
    return types.SimpleNamespace(model=module)


def clip(*sides):
    return types.SimpleNamespace(cond_stage_model=model(*sides).model)


def file(tmp_path, shapes, name="ink.safetensors"):
    path = write_lora(tmp_path / name, shapes)
    return read_lora(name, path, stamp_of(path))


def part(number, outputs, inputs):
    name = f"blocks.{number}"
    return {f"{name}.lora_up.weight": (outputs, 4), f"{name}.lora_down.weight": (4, inputs), f"{name}.alpha": ()}


def test_right_names_and_sizes_fit(matching, tmp_path):
    fit = lora_fit.fit_of(file(tmp_path, part(0, 8, 6) | part(1, 5, 5)), model((8, 6), (5, 5)), None)
    assert (fit.verdict, fit.sentence) == (Verdict.APPLY, "2 of 2 parts fit.")


@pytest.mark.parametrize("sides", [(8, 5), (6, 8), (48, 1), (4, 6)])
def test_a_wrong_size_is_refused_with_both_sizes(matching, tmp_path, sides):
    fit = lora_fit.fit_of(file(tmp_path, part(0, *sides)), model((8, 6)), None)
    assert fit.verdict is Verdict.REFUSE
    assert f"({sides[0]}x{sides[1]} where the model has 8x6)" in fit.sentence


def test_kinds_that_do_not_show_their_size_count_as_fitting(matching, tmp_path):
    shapes = {"blocks.0.lokr_w1": (2, 2), **part(1, 9, 9), "blocks.1.reshape_weight": (2,)}
    assert lora_fit.fit_of(file(tmp_path, shapes), model((8, 6), (5, 5)), None).verdict is Verdict.APPLY


def test_whole_differences_are_compared_too(matching, tmp_path):
    given = model((8, 6))
    assert lora_fit.fit_of(file(tmp_path, {"blocks.0.diff": (8, 6)}), given, None).verdict is Verdict.APPLY
    wrong = file(tmp_path, {"blocks.0.diff": (8, 7)}, "wrong.safetensors")
    assert lora_fit.fit_of(wrong, given, None).verdict is Verdict.REFUSE


def test_one_slice_of_joined_weights_is_compared_with_its_own_size(matching, tmp_path):
    given = model((12, 6))
    matching.comfy.lora.model_lora_keys_unet = lambda module, key_map: {"blocks.0": ("blocks.0.weight", (0, 4, 4))}
    assert lora_fit.fit_of(file(tmp_path, part(0, 4, 6)), given, None).verdict is Verdict.APPLY


def test_packed_weights_warn(matching, tmp_path):
    fit = lora_fit.fit_of(file(tmp_path, part(0, 8, 6)), model((24, 1), dtype=torch.uint8), None)
    assert fit.verdict is Verdict.WARN
    assert "packed" in fit.sentence


def test_text_parts_are_counted_by_themselves(matching, tmp_path):
    shapes = part(0, 8, 6) | {"lora_te1_x.lora_up.weight": (3, 4), "lora_te1_x.lora_down.weight": (4, 3)}
    lora = file(tmp_path, shapes)
    without = lora_fit.fit_of(lora, model((8, 6)), None)
    assert without.sentence == "1 of 1 parts fit. Its 1 text encoder parts are not used: no CLIP is connected."
    other = clip((3, 3))
    matching.comfy.lora.model_lora_keys_clip = lambda module, key_map: {"lora_te1_x": "blocks.0.weight"}
    assert lora_fit.fit_of(lora, model((8, 6)), other).sentence == "1 of 1 parts fit. 1 of 1 text encoder parts fit."


@pytest.mark.parametrize("strange", [object(), types.SimpleNamespace(model=None), types.SimpleNamespace(model="text")])
def test_a_model_of_another_making_cannot_be_checked(matching, tmp_path, strange):
    assert lora_fit.fit_of(file(tmp_path, part(0, 8, 6)), strange, None) == UNCHECKED
    assert lora_fit.family_of(strange) == ""


def test_an_error_of_the_matching_is_no_refusal(matching, tmp_path, caplog):
    def fail(*arguments, **options):
        raise RuntimeError("an adapter that looks at its content")

    matching.comfy.lora.load_lora = fail
    assert lora_fit.fit_of(file(tmp_path, part(0, 8, 6)), model((8, 6)), None) == UNCHECKED
    assert "ink.safetensors could not be compared" in caplog.text


def test_a_file_is_compared_once_for_each_model_until_it_changes(matching, tmp_path):
    given, lora = model((8, 6)), file(tmp_path, part(0, 8, 6))
    for _ in range(3):
        lora_fit.fit_of(lora, given, None)
    assert len(matching.loads) == 1
    lora_fit.fit_of(lora, model((8, 6)), None)
    assert len(matching.loads) == 2
    changed = file(tmp_path, part(0, 8, 7))
    assert lora_fit.fit_of(changed, given, None).verdict is Verdict.REFUSE
    assert len(matching.loads) == 3


def test_a_model_that_is_gone_is_forgotten(matching, tmp_path):
    given = model((8, 6))
    lora_fit.fit_of(file(tmp_path, part(0, 8, 6)), given, None)
    before = len(lora_fit._sides)
    del given
    assert len(lora_fit._sides) == before - 1


def test_the_family_is_the_nearest_known_class_of_the_models_configuration():
    class Base:
        unet_config = {"image_model": "wan2.1", "dim": 5120}  # noqa: RUF012

    class WAN21_T2V(Base):  # noqa: N801
        pass

    class WAN99(WAN21_T2V):
        pass

    given = types.SimpleNamespace(model=types.SimpleNamespace(model_config=WAN99()))
    assert lora_fit.family_of(given) == "Wan 14B"
