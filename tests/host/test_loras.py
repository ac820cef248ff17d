"""Listing, loading and applying around ComfyUI's folders and loader, which are stood in for."""

from __future__ import annotations

import importlib
import sys
import types
from pathlib import Path

import pytest
from pack.engine.style.fit import Fit, Verdict

from ..lora_files import shapes, write_lora, write_raw


class Folders(types.ModuleType):
    """ComfyUI's folder_paths over one folder."""

    def __init__(self, base: Path) -> None:
        super().__init__("folder_paths")
        self.loras, self.user = base / "loras", base / "user"
        self.loras.mkdir()

    def get_filename_list(self, kind):
        return sorted(str(path.relative_to(self.loras)) for path in self.loras.rglob("*") if path.is_file())

    def get_full_path(self, kind, name):
        return str(self.loras / name) if (self.loras / name).is_file() else None

    def get_user_directory(self):
        return str(self.user)


@pytest.fixture
def loras(monkeypatch, tmp_path):
    """The module, fresh, with a loader that notes what it is asked."""
    folders = Folders(tmp_path)
    calls, loaded = [], []

    def load_torch_file(path, safe_load=False, return_metadata=False):
        assert (safe_load, return_metadata) == (True, True)
        loaded.append(Path(path).name)
        if "bad" in path:
            raise ValueError("invalid dtype")
        return {"tensors": Path(path).name}, {"metadata": Path(path).name}

    def load_lora_for_models(model, clip, lora, strength_model, strength_clip):
        calls.append((model, clip, lora["tensors"], strength_model, strength_clip))
        return (f"{model}+{lora['tensors']}" if model else None, f"{clip}+{lora['tensors']}" if clip else None)

    comfy = types.ModuleType("comfy")
    comfy.sd = types.SimpleNamespace(load_lora_for_models=load_lora_for_models)
    comfy.utils = types.SimpleNamespace(load_torch_file=load_torch_file)
    monkeypatch.setitem(sys.modules, "folder_paths", folders)
    monkeypatch.setitem(sys.modules, "comfy", comfy)
    monkeypatch.setitem(sys.modules, "comfy.sd", comfy.sd)
    monkeypatch.setitem(sys.modules, "comfy.utils", comfy.utils)
    monkeypatch.setitem(
        sys.modules, "safetensors", types.SimpleNamespace(SafetensorError=type("SafetensorError", (Exception,), {}))
    )
    for name in ("pack.host.paths", "pack.host.loras"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    module = importlib.import_module("pack.host.loras")
    monkeypatch.setattr(module, "family_of", lambda model: "LTX-Video")
    monkeypatch.setattr(module, "fit_of", lambda file, model, clip: Fit(Verdict.APPLY, "all parts fit."))
    module.test = types.SimpleNamespace(folders=folders, calls=calls, loaded=loaded, comfy=comfy)
    yield module
    for name in ("pack.host.paths", "pack.host.loras"):
        sys.modules.pop(name, None)


def install(loras, *names):
    for name in names:
        write_lora(loras.test.folders.loras / f"{name}.safetensors", shapes("LTX-Video"))


def pick(loras, **inputs):
    return loras.pick_loras("model", "clip", "10", **{"prompt": "a fox", **inputs})


def test_only_files_that_can_be_looked_into_are_listed(loras):
    install(loras, "a", "sub/b")
    (loras.test.folders.loras / "old.ckpt").write_bytes(b"")
    (loras.test.folders.loras / "a.json").write_text("{}", encoding="utf-8")
    (loras.test.folders.loras / "c.SFT").write_bytes(b"")
    assert loras.listed() == ["(none)", "a.safetensors", "c.SFT", str(Path("sub") / "b.safetensors")]


def test_model_and_clip_get_their_own_strengths(loras):
    install(loras, "watercolor")
    values = {"style": "watercolor", "use_suggested_strength": False}
    model, clip, found = pick(loras, strength_model=0.7, strength_clip=0.2, **values)
    assert loras.test.calls == [("model", "clip", "watercolor.safetensors", 0.7, 0.2)]
    assert (model, clip) == ("model+watercolor.safetensors", "clip+watercolor.safetensors")
    assert found.lora_used == "<lora:watercolor:0.70:0.20>"


def test_a_side_at_strength_0_is_left_alone(loras):
    install(loras, "watercolor")
    model, clip, _ = pick(loras, style="watercolor", strength_clip=0)
    assert loras.test.calls == [("model", None, "watercolor.safetensors", 0.75, 0.0)]
    assert (model, clip) == ("model+watercolor.safetensors", "clip")
    model, clip, _ = pick(loras, style="watercolor", strength_model=0)
    assert (model, clip) == ("model", "clip+watercolor.safetensors")


def test_newer_versions_get_the_files_metadata(loras):
    install(loras, "watercolor")
    given = []

    def load_lora_for_models(model, clip, lora, strength_model, strength_clip, lora_metadata=None):
        given.append(lora_metadata)
        return model, clip

    loras.test.comfy.sd.load_lora_for_models = load_lora_for_models
    pick(loras, style="watercolor")
    assert given == [{"metadata": "watercolor.safetensors"}]


def test_the_last_two_files_stay_at_hand(loras):
    install(loras, "a", "b", "c")
    for name in ("a", "b", "a", "b", "c", "b", "a"):
        pick(loras, style=name)
    assert loras.test.loaded == [f"{name}.safetensors" for name in ("a", "b", "c", "a")]
    write_lora(loras.test.folders.loras / "a.safetensors", shapes("SDXL"))
    pick(loras, style="a")
    assert loras.test.loaded[4:] == ["a.safetensors"], "a changed file is loaded again"


def test_messages_name_node_and_input(loras):
    with pytest.raises(loras.LoraRefused, match=r"^Style LoRA Picker \(node 10\), input style: \"ghibli\" is no known"):
        pick(loras, style="ghibli")
    install(loras, "bad")
    with pytest.raises(
        loras.LoraRefused, match=r"bad.safetensors cannot be loaded: invalid dtype. Get the file again."
    ):
        pick(loras, style="bad")


def test_a_file_that_vanishes_while_it_is_checked_is_refused(loras, monkeypatch):
    install(loras, "a")

    def gone(*arguments):
        raise FileNotFoundError("no such file")

    monkeypatch.setattr(loras, "fit_of", gone)
    with pytest.raises(loras.LoraRefused, match="It cannot be used: no such file"):
        pick(loras, style="a")


def test_what_is_skipped_is_logged_without_the_prompt(loras, caplog):
    pick(loras, prompt="a secret, watercolor", on_mismatch="skip and tell me")
    assert "Style LoRA Picker (node 10): Skipped: No LoRA for watercolor is installed" in caplog.text
    assert "secret" not in caplog.text


def test_a_picker_that_is_off_reads_no_file(loras, monkeypatch):
    write_raw(loras.test.folders.loras / "junk.safetensors", b"junk")
    monkeypatch.setattr(loras, "installed", lambda: pytest.fail("read"))
    assert pick(loras, mode="off")[:2] == ("model", "clip")
    assert loras.fingerprint(mode="off", prompt="a") == loras.fingerprint(mode="off", prompt="b")


def test_the_fingerprint_changes_with_what_the_choice_depends_on(loras):
    install(loras, "watercolor", "other")
    asked = {"prompt": "a fox, watercolor", "style": "", "mode": "auto from prompt", "second_style": ""}
    before = loras.fingerprint(**asked)
    assert loras.fingerprint(**asked) == before
    install(loras, "third")
    assert loras.fingerprint(**asked) == before
    install(loras, "watercolor_v2")
    after = loras.fingerprint(**asked)
    assert after != before
    (loras.test.folders.loras / "watercolor.txt").write_text("wtr", encoding="utf-8")
    assert loras.fingerprint(**asked) != after


def test_with_a_linked_prompt_every_file_counts(loras):
    install(loras, "watercolor")
    before = loras.fingerprint(prompt=None)
    install(loras, "other")
    assert loras.fingerprint(prompt=None) != before


def test_the_fingerprint_changes_with_the_styles_file(loras):
    before = loras.fingerprint(prompt="a fox")
    own = loras.test.folders.user / "imitatoes" / "styles.json"
    own.parent.mkdir(parents=True)
    own.write_text("{}", encoding="utf-8")
    assert loras.fingerprint(prompt="a fox") != before


def test_a_fingerprint_never_fails(loras):
    for asked in ({"mode": "nonsense", "prompt": ""}, {"prompt": "<lora:x:y>"}, {"style": "x" * 999, "prompt": ""}, {}):
        assert isinstance(loras.fingerprint(**asked), str)
