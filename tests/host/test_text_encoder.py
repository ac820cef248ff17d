"""A text encoder as the judge, on stand-ins of what a CLIP loader gives: what is refused, asked, read and passed on."""

from __future__ import annotations

import asyncio
import io

import pytest
import torch
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pack.engine.judge.checklist_rules import checklist_of_lines
from pack.engine.judge.critique import CHECKS
from pack.engine.judge.judge import Judge
from pack.engine.judge.picture import Picture
from pack.engine.judge.vision_model import AnswerUnusable, ModelStumbled, ModelUnfit, ModelUnreachable, Question
from PIL import Image

from ..malformed import MALFORMED, TEXTS, was_said
from .stand_in import comfy  # noqa: F401

CHECKLIST = checklist_of_lines("a red circle", ["a red circle", "a blue square"])


class Transformer(torch.nn.Module):
    def generate(self):
        """As comfy.text_encoders.llama.BaseGenerate has it."""


class Wrapper(torch.nn.Module):
    def __init__(self, transformer):
        super().__init__()
        self.transformer = transformer

    def generate(self):
        """As comfy.sd1_clip.SDClipModel has it, whatever is inside."""


class Encoder(torch.nn.Module):
    clip_name = "qwen3vl_4b"

    def __init__(self, transformer):
        super().__init__()
        self.inner = Wrapper(transformer)
        self.weight = torch.nn.Parameter(torch.ones(4))

    def generate(self):
        """As comfy.sd1_clip.SD1ClipModel has it."""


class Clip:
    """says: texts in turn, the last one for ever, or callables of (text, picture). lists: takes pictures as a list."""

    def __init__(self, *says, writes=True, sees=True, lists=False):
        self.says, self.sees, self.lists = list(says), sees, lists
        self.cond_stage_model = Encoder(Transformer() if writes else torch.nn.Linear(2, 2))
        self.tokenizer = type("T", (), {"llama_template": "<|im_start|>user\n{}"})()
        self.asked = []

    def tokenize(self, text, image=None, images=(), **_):
        pictures = [*images] if self.lists else [] if image is None else [image]
        pictures = pictures if self.sees else []
        return {
            "qwen3vl_4b": [[(1, 1.0), *(({"type": "image", "data": p}, 1.0) for p in pictures)]],
            "text": [[(text,)]],
        }

    def generate(self, tokens, **options):
        picture = next((entry[0]["data"] for entry in tokens["qwen3vl_4b"][0][1:]), None)
        text = tokens["text"][0][0][0]
        self.asked.append((text, picture, options))
        said = self.says.pop(0) if len(self.says) > 1 else self.says[0]
        self.said = said(text, picture) if callable(said) else said
        return [7] * min(options["max_length"], max(1, len(self.said) // 2))

    def decode(self, ids):
        return self.said


def quarters(text, picture):
    """The colours of the four quarters, in lines."""
    half = picture.shape[1] // 2
    names = {"red": (214, 32, 32), "green": (24, 150, 48), "blue": (28, 60, 214), "yellow": (246, 214, 20)}
    said = []
    for at in range(4):
        pixel = picture[0, half // 2 + at // 2 * half, half // 2 + at % 2 * half] * 255
        said.append(min(names, key=lambda name, p=pixel: float(((p - torch.tensor(names[name])) ** 2).sum())))
    return "\n".join(f"{number} {name}" for number, name in enumerate(said, 1))


def right(text, picture):
    """Everything asked for is there, in either wording."""
    if "four quarters" in text:
        return quarters(text, picture)
    lines = []
    for line in text.splitlines():
        number, _, question = line.partition(". ")
        if number.isdigit():
            rated = "excellent" in question
            blank = float(picture.std()) < 0.01
            met = ("missing" in question or "absent" in question or "without" in question) == blank
            lines.append(f"{number} {'good' if rated else 'yes' if met else 'no'}")
    return "\n".join(lines)


@pytest.fixture
def model_of(comfy):  # noqa: F811
    from pack.host import text_encoder

    return lambda clip, interrupted=lambda: False: text_encoder.TextEncoderModel(clip, interrupted, KeyboardInterrupt)


def jpeg():
    stream = io.BytesIO()
    Image.new("RGB", (64, 32), (200, 30, 30)).save(stream, "JPEG")
    return stream.getvalue()


SCHEMA = {"type": "object", "properties": {"q01": {"type": "string", "enum": ["yes", "no"]}}}
LOOK = Question("Judge.", "JSON, please", jpeg(), SCHEMA, seed=5, lines="1. Is there a star?")


def ask(model, question=LOOK):
    return asyncio.run(model.ask(question)).text


def test_lines_become_the_object_and_the_picture_goes_along(model_of):
    clip = Clip(quarters, "1 Yes.")
    assert ask(model_of(clip)) == '{"q01": "yes"}'
    text, picture, options = clip.asked[-1]
    assert (text, tuple(picture.shape)) == ("1. Is there a star?", (1, 32, 64, 3))
    assert (options["do_sample"], options["max_length"]) == (False, 38)


def test_a_tokenizer_that_takes_a_list_of_pictures(model_of):
    clip = Clip(quarters, "1 no", lists=True)
    assert ask(model_of(clip)) == '{"q01": "no"}'
    assert clip.asked[-1][0].startswith("<|im_start|>user\n<|vision_start|>")


@pytest.mark.parametrize(
    ("clip", "match"),
    [
        (Clip("", writes=False), "qwen3vl_4b in ComfyUI cannot write"),
        (Clip("", sees=False), "qwen3vl_4b in ComfyUI cannot see"),
        (type("Old", (), {"cond_stage_model": Encoder(Transformer())})(), "Update ComfyUI"),
    ],
)
def test_what_cannot_judge_is_refused_before_anything_is_generated(model_of, clip, match):
    with pytest.raises(ModelUnfit, match=match):
        asyncio.run(model_of(clip).check())
    assert not getattr(clip, "asked", [])


def test_an_encoder_that_names_the_colours_wrongly_does_not_see(model_of):
    clip = Clip("1 red\n2 red\n3 red\n4 red")
    with pytest.raises(ModelUnfit, match="does not see pictures"):
        ask(model_of(clip))
    assert len(clip.asked) == 2


def test_it_is_asked_once_whether_it_sees(model_of):
    clip = Clip(right)
    for _ in range(3):
        ask(model_of(clip))
    assert len(clip.asked) == 4


def test_an_interrupt_passes_and_is_looked_for_first(model_of, comfy):  # noqa: F811
    def interrupted(text, picture):
        raise comfy.model_management.InterruptProcessingException

    with pytest.raises(comfy.model_management.InterruptProcessingException):
        ask(model_of(Clip(interrupted)))
    with pytest.raises(KeyboardInterrupt):
        ask(model_of(Clip(right), interrupted=lambda: True))


def test_too_little_memory_is_worth_another_try(model_of, comfy):  # noqa: F811
    def full(text, picture):
        raise comfy.model_management.OOM_EXCEPTION("CUDA out of memory")

    with pytest.raises(ModelStumbled, match="not enough memory") as problem:
        ask(model_of(Clip(full)))
    assert problem.value.out_of_memory


def test_an_encoder_that_breaks_is_named(model_of):
    def broken(text, picture):
        raise RuntimeError("shapes do not match")

    with pytest.raises(ModelUnreachable, match=r"qwen3vl_4b in ComfyUI could not answer \(RuntimeError: shapes"):
        ask(model_of(Clip(broken)))


def test_an_answer_that_fills_its_room_loses_its_last_line(model_of):
    clip = Clip(quarters, "1 yes\n2 n" + "o" * 400)
    assert ask(model_of(clip)) == '{"q01": "yes"}'


def test_text_alone_is_asked_for_json_and_a_cut_answer_is_none(model_of):
    question = Question("You write.", "Write JSON.", b"", SCHEMA)
    clip = Clip('{"q01": "yes"}', "x" * 9000)
    assert ask(model_of(clip), question) == '{"q01": "yes"}'
    assert clip.asked[-1][:2] == ("You write.\n\nWrite JSON.", None)
    with pytest.raises(AnswerUnusable, match="cut off"):
        ask(model_of(clip), question)


def test_its_digest_is_its_own(model_of):
    one, other = Clip(right), Clip(right)
    other.cond_stage_model.weight.data[0] = 5
    digests = [asyncio.run(model_of(clip).digest()) for clip in (one, one, other)]
    assert digests[0] == digests[1] != digests[2]


def judged(model, picture):
    judge = Judge("comfyui", model, 0.8, CHECKS, served_by="comfyui", both_wordings=True)
    return asyncio.run(judge.judge_pictures([Picture(picture)], CHECKLIST, 5)).critiques[0]


def test_both_wordings_are_votes(model_of):
    verdict = judged(model_of(Clip(right)), torch.rand(64, 64, 3))
    assert (verdict.judge, verdict.looks, verdict.passed, verdict.soft) == ("comfyui", 2, True, False), verdict.reason

    def yes(text, picture):
        if "four quarters" in text:
            return quarters(text, picture)
        return right(text, torch.rand(1, 8, 8, 3)).replace("no", "yes")

    always = judged(model_of(Clip(yes)), torch.rand(64, 64, 3))
    assert (always.looks, always.passed) == (2, False)
    assert all(item.p <= 0.5 for item in always.items), "yes in both wordings is no vote for anything"


@pytest.mark.parametrize("said", ["", "The picture is nice.", "\ufffd\ufffd zq", "999 yes", "1"])
def test_nonsense_is_unreadable_and_never_a_verdict(model_of, said):
    verdict = judged(model_of(Clip(said)), torch.rand(64, 64, 3))
    assert (verdict.outcome, verdict.score, verdict.passed) == ("unreadable", None, False)
    assert "qwen3vl_4b in ComfyUI" in verdict.reason


NOISE = torch.rand(64, 64, 3)
LINES = st.lists(
    st.tuples(
        st.sampled_from(["1", "2", "3", "6", "9", "0", "", "-", "1.", "q01:"]),
        st.sampled_from(["yes", "no", "maybe", "good", "bad", "three", "yes no", "", "\u2026", "not sure, yes"]),
    ).map(" ".join),
    max_size=9,
).map("\n".join)


@settings(max_examples=MALFORMED, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=LINES | TEXTS)
@example(text='{"q01":False}')
def test_malformed_lines_invent_no_verdict(model_of, text):
    """The same text answers both wordings, whose right answers differ: nothing may pass by it."""

    def say(asked, picture):
        return quarters(asked, picture) if "four quarters" in asked else text

    critique = judged(model_of(Clip(say)), NOISE)
    assert not critique.passed
    if critique.outcome == "judged":
        assert all(was_said(item.answer, text) for item in critique.items), critique.items
    else:
        assert critique.score is None
