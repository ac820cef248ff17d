"""What folders hold and lack, and which of them an engine takes."""

from __future__ import annotations

import json

import pytest
from pack.engine.mask.segmenters.failures import SegmenterUnavailable
from pack.engine.mask.segmenters.folders import choose, folders_in, outliner_in, what_is_missing
from pack.engine.mask.segmenters.kinds import ENGINES, KINDS, SAM2, SAM3

ROOT = "models/text_segment"


def made(root, name, model_type, *files):
    folder = root / name
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"model_type": model_type}), encoding="utf-8")
    for file in files:
        (folder / file).write_bytes(b"")
    return folder


def whole(root, *model_types):
    for model_type in model_types:
        made(root, model_type, model_type, "model.safetensors", "tokenizer.json")
    return folders_in([("text_segment", root)])


def everything(_kind):
    return True


def test_every_kind_is_told_by_its_model_type(tmp_path):
    types = [model_type for kind in KINDS for model_type in kind.model_types]
    assert len(set(types)) == len(types)
    assert {folder.name: folder.kind.name for folder in whole(tmp_path, *types)} == {
        f"text_segment/{model_type}": kind.name for kind in KINDS for model_type in kind.model_types
    }


def test_other_folders_are_left_alone(tmp_path):
    made(tmp_path, "llama", "llama")
    (tmp_path / "junk").mkdir()
    (tmp_path / "junk" / "config.json").write_text("[1,", encoding="utf-8")
    (tmp_path / "list").mkdir()
    (tmp_path / "list" / "config.json").write_text("[1]", encoding="utf-8")
    made(tmp_path, ".hidden", "clipseg")
    made(tmp_path, "a/b/c/too_deep", "clipseg")
    made(tmp_path, "owner/clipseg", "clipseg")
    found = folders_in([("LLM", tmp_path), ("gone", tmp_path / "gone")])
    assert [folder.name for folder in found] == ["LLM/owner/clipseg"]


def test_the_first_of_two_roots_with_one_name_counts(tmp_path):
    one = made(tmp_path / "1", "clipseg", "clipseg")
    made(tmp_path / "2", "clipseg", "clipseg")
    found = folders_in([("clip_seg", tmp_path / "1"), ("clip_seg", tmp_path / "2")])
    assert [folder.path for folder in found] == [one]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (("model.safetensors", "tokenizer.json"), ""),
        (("model.safetensors", "vocab.json"), ""),
        ((), "lacks model.safetensors and tokenizer.json"),
        (("model.safetensors",), "lacks tokenizer.json"),
        (("pytorch_model.bin", "tokenizer.json"), "lacks model.safetensors. Its .bin file is not read"),
    ],
)
def test_missing_files_are_named(tmp_path, files, said):
    made(tmp_path, "clipseg", "clipseg", *files)
    missing = what_is_missing(folders_in([("text_segment", tmp_path)])[0])
    assert said in missing if said else missing == ""
    if said:
        assert "CIDAS/clipseg-rd64-refined, 0.6 GB" in missing


def test_an_index_names_the_weights(tmp_path):
    folder = made(tmp_path, "sam3", "sam3_video", "one.safetensors", "tokenizer.json")
    index = {"weight_map": {"a": "one.safetensors", "b": "../two.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")
    assert "lacks two.safetensors." in what_is_missing(folders_in([("LLM", tmp_path)])[0])
    (folder / "two.safetensors").write_bytes(b"")
    assert what_is_missing(folders_in([("LLM", tmp_path)])[0]) == ""
    (folder / "model.safetensors.index.json").write_text("{}", encoding="utf-8")
    assert "lacks model.safetensors." in what_is_missing(folders_in([("LLM", tmp_path)])[0])


@pytest.mark.parametrize(
    ("there", "engine", "outliner"),
    [
        (("clipseg",), "CLIPSeg", None),
        (("clipseg", "florence2"), "Florence-2", None),
        (("clipseg", "florence2", "grounding-dino"), "Florence-2", None),
        (("clipseg", "florence2", "grounding-dino", "sam"), "GroundingDINO+SAM", "SAM"),
        (("clipseg", "grounding-dino", "sam", "sam2_video"), "GroundingDINO+SAM", "SAM 2"),
        (("clipseg", "grounding-dino", "sam", "sam3_video"), "SAM3", None),
        (("grounding-dino",), "GroundingDINO+SAM", None),
    ],
)
def test_auto_takes_the_best_that_is_there(tmp_path, there, engine, outliner):
    choice = choose("auto", "auto", whole(tmp_path, *there), everything, ROOT)
    assert choice.engine == engine
    assert choice.reader.kind is ENGINES[engine]
    assert (choice.outliner.kind.name if choice.outliner else None) == outliner
    assert choice.reader.name in str(choice)


def test_auto_passes_over_what_is_too_new_and_says_so(tmp_path):
    folders = whole(tmp_path, "clipseg", "sam3", "grounding-dino", "sam", "sam2")
    choice = choose("auto", "auto", folders, lambda kind: kind not in (SAM2, SAM3), ROOT)
    assert (choice.engine, choice.outliner.kind.name) == ("GroundingDINO+SAM", "SAM")
    assert "text_segment/sam3 was passed over, because SAM3 needs transformers 5.0.0 or newer." in choice.notes


def test_auto_passes_over_what_is_not_whole(tmp_path):
    made(tmp_path, "sam3", "sam3", "tokenizer.json")
    assert choose("auto", "auto", whole(tmp_path, "clipseg"), everything, ROOT).engine == "CLIPSeg"


def test_a_chosen_folder_decides(tmp_path):
    folders = whole(tmp_path, "clipseg", "sam3", "grounding-dino", "sam", "sam2")
    assert choose("auto", "text_segment/clipseg", folders, everything, ROOT).engine == "CLIPSeg"
    for engine in ("auto", "GroundingDINO+SAM"):
        choice = choose(engine, "text_segment/sam", folders, everything, ROOT)
        assert (choice.reader.kind.name, choice.outliner.kind.name) == ("GroundingDINO", "SAM")


@pytest.mark.parametrize(
    ("engine", "wanted", "said"),
    [
        ("auto", "text_segment/gone", "There is no model folder text_segment/gone."),
        ("SAM3", "text_segment/clipseg", "text_segment/clipseg holds CLIPSeg, but the engine is SAM3."),
        ("CLIPSeg", "text_segment/sam", "finds nothing by words. Set model_folder to auto"),
        ("SAM3", "auto", "Put the files of facebook/sam3 (config.json, model.safetensors and the tokenizer, 3.4 GB)"),
        ("GroundingDINO+SAM", "text_segment/sam", "IDEA-Research/grounding-dino-tiny"),
        ("auto", "text_segment/sam", "IDEA-Research/grounding-dino-tiny"),
    ],
)
def test_what_does_not_fit_is_said(tmp_path, engine, wanted, said):
    with pytest.raises(SegmenterUnavailable) as raised:
        choose(engine, wanted, whole(tmp_path, "clipseg", "sam"), everything, ROOT)
    assert said in str(raised.value)


def test_nothing_at_all_names_the_smallest_start(tmp_path):
    with pytest.raises(SegmenterUnavailable) as raised:
        choose("auto", "auto", [], everything, ROOT)
    for said in ("no model folder", "Nothing is downloaded", "CIDAS/clipseg-rd64-refined", "0.6 GB", ROOT):
        assert said in str(raised.value)


def test_a_lone_folder_that_is_not_whole_is_named(tmp_path):
    made(tmp_path, "clipseg", "clipseg")
    with pytest.raises(SegmenterUnavailable, match=r"text_segment/clipseg lacks model\.safetensors"):
        choose("auto", "auto", folders_in([("text_segment", tmp_path)]), everything, ROOT)


def test_no_outliner_without_sam(tmp_path):
    assert outliner_in(whole(tmp_path, "clipseg", "sam3"), everything) is None
