"""The reader on the kinds of graphs that people have: packs, pipes, switches, detailers, previews, paid nodes."""

from __future__ import annotations

import copy
import json

import pytest
from pack.engine.graph.loop_plan import plan_loop
from pack.engine.graph.node_table import row_of, rows, source_of
from pack.engine.graph.plan_refusal import PlanRefused

from .reference import graph, object_info_0_33
from .test_loop_plan import CASES, FOG, KITE, PLAIN, told


def plain(**nodes):
    """A text to picture graph, with these nodes added or changed: id (with n before it) to (class, inputs)."""
    made = copy.deepcopy(CASES["empty_prompt"])
    made["2"]["inputs"]["text"] = KITE
    for name, (class_type, inputs) in nodes.items():
        made[name[1:]] = {"class_type": class_type, "inputs": inputs}
    return made


def plan(workflow, **fields):
    return plan_loop(workflow, object_info_0_33(), **fields)


def text(value, of="1"):
    return ("CLIPTextEncode", {"clip": [of, 1], "text": value})


DETAILER = {"guide_size": 512, "max_size": 1024, "sampler_name": "euler", "scheduler": "normal", "denoise": 0.5}


def detailer(picture="8"):
    links = {"image": [picture, 0], "model": ["1", 0], "clip": ["1", 1], "vae": ["1", 2], "bbox_detector": ["90", 0]}
    texts = {"positive": ["2", 0], "negative": ["3", 0], "wildcard": ""}
    return ("FaceDetailer", {**links, **texts, **DETAILER, "seed": 9, "steps": 12, "cfg": 7.0})


def preview(source, slot=0):
    return ("PreviewImage", {"images": [source, slot]})


def test_every_row_of_the_table_has_its_source():
    assert all(source_of(row).startswith("https://") for row in rows().values())
    assert row_of("Context (rgthree)").kind == "carrier"


@pytest.mark.parametrize("previewed", [("70", 1), ("70", 2), ("70", 5), ("71", 0), ("72", 0)])
def test_crops_masks_and_control_maps_are_never_judged(previewed):
    maps = {
        "n70": detailer(),
        "n71": ("Canny", {"image": ["8", 0], "low_threshold": 0.4, "high_threshold": 0.8}),
        "n72": ("MaskToImage", {"mask": ["70", 3]}),
        "n99": preview(*previewed),
    }
    found = plan(plain(**maps))
    assert told(found) == ("8:0", *PLAIN)
    assert {one.source for one in found.candidates} == {"8"}


def test_what_a_detailer_repaints_is_judged_and_the_first_pass_is_steered():
    workflow = plain(n70=detailer(), n71=("SaveImage", {"images": ["70", 0], "filename_prefix": "x"}))
    found = plan(workflow)
    assert told(found)[:4] == ("70:0", "2.text", "3.text", "5.seed")
    assert [one.reason for one in found.left if one.setting == "seed"]


def test_a_whole_picture_is_judged_before_a_piece_of_it_and_before_a_sheet():
    piece = ("ImageCrop", {"image": ["8", 0], "width": 64, "height": 64, "x": 0, "y": 0})
    sheet = ("ImageStitch", {"image1": ["8", 0], "image2": ["6", 0], "direction": "right", "match_image_size": True})
    photo = ("LoadImage", {"image": "example.png"})
    for node in (piece, sheet):
        found = plan(plain(n6=photo, n50=node, n51=("SaveImage", {"images": ["50", 0], "filename_prefix": "y"})))
        assert found.judged.source == "8"
        assert len(found.candidates) == 2


def test_a_sheet_that_alone_is_saved_is_judged():
    workflow = plain(
        n6=("LoadImage", {"image": "example.png"}),
        n50=("ImageStitch", {"image1": ["8", 0], "image2": ["6", 0], "direction": "right", "match_image_size": True}),
        n9=("SaveImage", {"images": ["50", 0], "filename_prefix": "y"}),
    )
    assert plan(workflow).judged.source == "50"


def test_a_save_node_that_hands_its_picture_on_is_no_dead_end():
    workflow = plain(
        n60=("ImageScaleBy", {"image": ["9", 0], "upscale_method": "lanczos", "scale_by": 2.0}),
        n61=("SaveImage", {"images": ["60", 0], "filename_prefix": "y"}),
    )
    found = plan(workflow)
    assert found.judged.source == "60"
    assert [one.source for one in found.candidates] == ["60", "8"]


def test_a_combined_video_that_is_not_kept_counts_as_a_preview():
    workflow = plain(n60=("VHS_VideoCombine", {"images": ["8", 0], "frame_rate": 8, "save_output": False}))
    del workflow["9"]
    found = plan(workflow)
    assert (found.judged.saved, found.judged.clip) == (False, True)


def test_of_a_switch_only_the_chosen_branch_is_read():
    switch = {"switch": ["43", 0], "on_false": ["44", 0], "on_true": ["45", 0]}
    for chosen, node in ((True, "45"), (False, "44")):
        workflow = plain(
            n2=text(["42", 0]),
            n42=("ComfySwitchNode", switch),
            n43=("PrimitiveBoolean", {"value": chosen}),
            n44=("PrimitiveStringMultiline", {"value": "written by hand"}),
            n45=("PrimitiveStringMultiline", {"value": "the other, which is much longer than the first one"}),
        )
        assert told(plan(workflow))[1] == f"{node}.value"


def test_a_switch_may_hold_its_text_itself():
    switch = {"switch": False, "on_false": "a kite", "on_true": ["45", 0]}
    workflow = plain(
        n2=text(["42", 0]),
        n42=("ComfySwitchNode", switch),
        n45=("TextGenerate", {"clip": ["1", 1], "prompt": "a kite, made longer"}),
    )
    found = plan(workflow)
    assert (told(found)[1], found.notes) == ("42.on_false", ())


def test_numbers_come_through_a_switch():
    workflow = plain(
        n40=("ComfySwitchNode", {"switch": True, "on_false": ["41", 0], "on_true": ["42", 0]}),
        n41=("PrimitiveInt", {"value": 50}),
        n42=("PrimitiveInt", {"value": 4}),
    )
    workflow["5"]["inputs"]["steps"] = ["40", 0]
    found = plan(workflow)
    assert (told(found)[4], found.values["steps"]) == ("42.value", 4)


def test_a_switch_of_a_pack_without_a_row_is_known_by_its_sockets():
    pair = {"boolean_value": False, "conditioning_false": ["2", 0], "conditioning_true": ["3", 0]}
    workflow = plain(n50=("Some Conditioning Input Switch", pair))
    workflow["5"]["inputs"]["positive"] = ["50", 0]
    assert told(plan(workflow))[1:3] == ("2.text", "3.text")
    numbered = ("Some Text Switch", {"Input": 2, "text1": ["44", 0], "text2": ["45", 0]})
    texts = {f"n{n}": ("PrimitiveStringMultiline", {"value": f"text {n}"}) for n in (44, 45)}
    assert told(plan(plain(n2=text(["50", 0]), n50=numbered, **texts)))[1] == "45.value"


def test_a_text_that_a_model_rewrites_is_steered_before_it_and_told():
    workflow = plain(
        n2=text(["41", 0]),
        n41=("TextGenerate", {"clip": ["1", 1], "prompt": ["42", 0], "max_length": 200}),
        n42=("StringReplace", {"string": "Write a prompt of: {idea}", "find": "{idea}", "replace": ["43", 0]}),
        n43=("PrimitiveStringMultiline", {"value": "a kite"}),
    )
    found = plan(workflow)
    assert (told(found)[1], found.values["prompt"]) == ("43.value", "a kite")
    assert any("node 41" in note.lower() and "another text" in note for note in found.notes)
    assert any("Write a prompt of" in note for note in found.notes)


def test_a_wildcard_node_takes_the_text_that_it_has_filled():
    inputs = {"wildcard_text": "a __colour__ kite", "populated_text": "", "mode": "populate", "seed": 1}
    found = plan(plain(n2=text(["41", 0]), n41=("ImpactWildcardProcessor", inputs)))
    assert (told(found)[1], found.values["prompt"]) == ("41.populated_text", "a __colour__ kite")


def test_what_is_read_off_a_picture_is_no_prompt():
    caption = ("Florence2Run", {"image": ["6", 0], "florence2_model": ["91", 0], "text_input": "", "task": "caption"})
    workflow = plain(n2=text(["41", 2]), n6=("LoadImage", {"image": "example.png"}), n41=caption)
    with pytest.raises(PlanRefused, match=r"made by node 41 \(Florence2Run\)") as refused:
        plan(workflow)
    assert refused.value.node == "41"


def test_both_texts_of_a_styler_keep_their_sides():
    styler = ("SDXLPromptStyler", {"text_positive": KITE, "text_negative": FOG, "style": "base"})
    found = plan(plain(n2=text(["41", 0]), n3=text(["41", 1]), n41=styler))
    assert told(found)[1:3] == ("41.text_positive", "41.text_negative")


def test_a_chain_of_big_contexts_is_followed_to_the_last_that_has_the_value():
    base = {"model": ["1", 0], "clip": ["1", 1], "vae": ["1", 2], "positive": ["2", 0], "negative": ["3", 0]}
    workflow = plain(
        n40=("Seed (rgthree)", {"seed": 77}),
        n41=("Context Big (rgthree)", {**base, "latent": ["4", 0], "seed": ["40", 0], "steps": ["43", 0]}),
        n42=("Context Big (rgthree)", {"base_ctx": ["41", 0], "positive": ["12", 0]}),
        n43=("PrimitiveInt", {"value": 30}),
        n12=text("a tin boat"),
    )
    taken = {"positive": 4, "negative": 5, "latent_image": 6, "seed": 8, "steps": 9}
    workflow["5"]["inputs"].update({name: ["42", slot] for name, slot in taken.items()})
    found = plan(workflow)
    assert told(found) == ("8:0", "12.text", "3.text", "40.seed", "43.value", "5.cfg")


def test_a_basic_pipe_is_followed():
    pipe = {"model": ["1", 0], "clip": ["1", 1], "vae": ["1", 2], "positive": ["2", 0], "negative": ["3", 0]}
    sampler = {"seed": 4, "steps": 9, "cfg": 5.0, "sampler_name": "euler", "scheduler": "normal", "denoise": 1.0}
    workflow = plain(
        n50=("ToBasicPipe", pipe),
        n51=("ImpactKSamplerBasicPipe", {"basic_pipe": ["50", 0], "latent_image": ["4", 0], **sampler}),
        n8=("VAEDecode", {"samples": ["51", 1], "vae": ["51", 2]}),
    )
    del workflow["5"]
    assert told(plan(workflow)) == ("8:0", "2.text", "3.text", "51.seed", "51.steps", "51.cfg")


def test_an_easy_use_pipe_with_a_second_pass_judges_the_second_and_steers_the_first():
    workflow = copy.deepcopy(CASES["easy_use_pipe"])
    second = {"pipe": ["3", 0], "steps": 10, "cfg": 7.0, "sampler_name": "euler", "scheduler": "normal", "seed": 6}
    workflow["4"] = {"class_type": "easy preSampling", "inputs": {**second, "denoise": 0.5}}
    workflow["5"] = {"class_type": "easy kSampler", "inputs": {"pipe": ["4", 0], "image_output": "Save"}}
    found = plan(workflow)
    assert told(found)[:4] == ("5:1", "1.positive", "1.negative", "2.seed")
    assert found.judged.saved


def test_tinyterra_pipes_are_read():
    loader = {"ckpt_name": "m.safetensors", "positive": KITE, "negative": FOG, "seed": 3}
    sampler = {"pipe": ["1", 0], "steps": 20, "cfg": 7.0, "image_output": "Save", "sampler_name": "euler"}
    workflow = {
        "1": {"class_type": "ttN pipeLoader_v2", "inputs": loader},
        "2": {"class_type": "ttN pipeKSampler_v2", "inputs": sampler},
    }
    assert told(plan(workflow)) == ("2:7", "1.positive", "1.negative", "1.seed", "2.steps", "2.cfg")


def test_a_wrapper_with_its_own_types_is_read_without_a_row():
    """SUPIR's conditioning has types of its own; an unknown class is read by the names of its sockets."""
    workflow = {
        "1": {"class_type": "SomeModelLoader", "inputs": {"model": "m.safetensors"}},
        "2": {
            "class_type": "SomeTextEncode",
            "inputs": {"model": ["1", 0], "positive_prompt": KITE, "negative_prompt": FOG},
        },
        "3": {
            "class_type": "SomeSampler",
            "inputs": {
                "model": ["1", 0],
                "positive": ["2", 0],
                "negative": ["2", 1],
                "seed": 1,
                "steps": 9,
                "cfg": 4.0,
            },
        },
        "4": {"class_type": "SomeDecode", "inputs": {"samples": ["3", 0]}},
        "5": {"class_type": "SaveImage", "inputs": {"images": ["4", 0], "filename_prefix": "x"}},
    }
    assert told(plan(workflow)) == ("4:0", "2.positive_prompt", "2.negative_prompt", "3.seed", "3.steps", "3.cfg")


def test_a_service_that_paints_is_steered_by_its_own_prompt():
    inputs = {"prompt": KITE, "seed": 5, "aspect_ratio": "16:9", "raw": False}
    workflow = {
        "1": {"class_type": "FluxProUltraImageNode", "inputs": inputs},
        "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "x"}},
    }
    found = plan(workflow)
    assert told(found) == ("1:0", "1.prompt", "", "1.seed", "", "")
    video = {
        "1": {"class_type": "WanTextToVideoApi", "inputs": {"model": "wan2.5-t2v-preview", "prompt": KITE, "seed": 5}},
        "2": {"class_type": "SaveVideo", "inputs": {"video": ["1", 0], "filename_prefix": "x"}},
    }
    found = plan(video)
    assert (found.judged.type, found.judged.clip, told(found)[1]) == ("VIDEO", True, "1.prompt")


def test_sigmas_written_by_hand_are_told_with_their_own_number_of_steps():
    workflow = graph("flux2_txt2img")
    scheduler = next(node for node in workflow.values() if node["class_type"] == "Flux2Scheduler")
    scheduler.update(class_type="ManualSigmas", inputs={"sigmas": "1.0, 0.9, 0.7, 0.4, 0.0"})
    found = plan(workflow)
    assert (found.values["steps"], found.values["cfg"]) == (4, 1.0)
    assert "lists its sigmas by hand" in next(one.reason for one in found.left if one.setting == "steps")


def test_only_what_lies_above_the_judged_picture_is_steered():
    workflow = copy.deepcopy(CASES["two_branches"])
    workflow["19"]["class_type"] = "PreviewImage"
    found = plan(workflow)
    assert told(found) == ("8:0", *PLAIN)
    assert found.questions == ()


def test_the_same_text_on_both_sides_is_the_prompt_only_where_the_negative_counts_for_nothing():
    workflow = plain()
    workflow["5"]["inputs"]["negative"] = ["2", 0]
    with pytest.raises(PlanRefused, match=r"node 2 \(CLIPTextEncode\) is prompt and negative of node 5") as refused:
        plan(workflow)
    assert refused.value.node == "2"
    workflow["5"]["inputs"]["cfg"] = 1.0
    assert told(plan(workflow))[1:3] == ("2.text", "")


def test_an_edit_model_that_compares_with_its_own_prompt_keeps_it_as_the_prompt():
    """As the official template of HiDream-E1.1 is wired."""
    workflow = copy.deepcopy(CASES["dual_cfg_guider"])
    workflow["10"]["inputs"]["negative"] = ["2", 0]
    found = plan(workflow)
    assert told(found)[1:3] == ("2.text", "")
    assert any("negative side" in note for note in found.notes)


REFUSED = {
    "no_picture": (
        {"n9": ("SaveLatent", {"samples": ["5", 0], "filename_prefix": "x"})},
        "",
        "saves and shows no picture",
    ),
    "no_sampler": (
        {"n6": ("LoadImage", {"image": "example.png"}), "n8": ("ImageInvert", {"image": ["6", 0]})},
        "9",
        r"No sampler paints the picture of node 9 \(SaveImage\)",
    ),
    "no_prompt": (
        {
            "n6": ("CLIPVisionLoader", {"clip_name": "v.safetensors"}),
            "n2": ("SVD_img2vid_Conditioning", {"clip_vision": ["6", 0], "width": 64, "height": 64}),
        },
        "2",
        r"comes from node 2 \(SVD_img2vid_Conditioning\)",
    ),
    "unknown_node": (
        {"n8": ("Nobody Knows This", {"things": ["5", 0]}), "n5": ("Nor This", {})},
        "8",
        "Nobody Knows This",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_read_is_refused_by_its_true_reason(kind):
    nodes, node, message = REFUSED[kind]
    with pytest.raises(PlanRefused, match=message) as refused:
        plan(plain(**nodes))
    assert (refused.value.kind, refused.value.node) == (kind, node)
    assert refused.value.fix


def test_a_plan_is_json():
    found = plan(plain())
    assert json.loads(found.model_dump_json())["inputs"]["prompt"] == [{"node": "2", "input": "text"}]
