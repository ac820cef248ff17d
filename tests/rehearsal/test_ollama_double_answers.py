import base64
import io
import json
import logging

import numpy as np
import ollama
import pytest
from pack.rehearsal.ollama_double import OllamaDouble, Reply, pixel_judge
from pack.rehearsal.ollama_rules import fit
from pack.rehearsal.world.painter import draw
from pack.rehearsal.world.scene import parse
from PIL import Image

from .ollama_asking import GOAL, SCHEMA, chat, picture_of, post, said


@pytest.fixture
def double():
    with OllamaDouble() as running:
        yield running


def test_the_default_follows_the_format(double):
    answer = json.loads(chat(double, format=SCHEMA).message.content)
    assert answer == {"cfg": None, "issues": [{"what": ".."}], "note": None, "score": 5, "verdict": "retry"}
    assert list(answer) == sorted(answer)
    assert json.loads(chat(double).message.content)


def test_a_callable_default_is_made_to_fit(double):
    given = {"verdict": "pass", "score": 99, "cfg": 7.5, "issues": [], "note": None, "extra": 1}
    double.default = lambda body, pictures: json.dumps(given)
    answer = json.loads(chat(double, format=SCHEMA).message.content)
    assert answer == {"cfg": 7.5, "issues": [{"what": ".."}], "note": None, "score": 5, "verdict": "pass"}
    double.default = Reply(content="said as it is")
    assert chat(double, format=SCHEMA).message.content == "said as it is"


def test_fitting_keeps_what_fits():
    assert fit({"type": "integer", "exclusiveMinimum": 0}, -3) == 1
    assert fit({"type": "boolean"}, "yes") is False
    assert fit({"const": 4}, 3) == 4
    assert fit({"type": ["integer", "null"]}, None) is None
    assert fit({"type": ["integer", "null"]}, True) == 0
    assert fit({"type": "array", "items": {"type": "string"}, "maxItems": 1}, ["a", "b"]) == ["a"]
    assert fit({}, {"any": 1}) == {"any": 1}


def test_a_default_that_fails_is_an_error(double, caplog):
    double.default = lambda body, pictures: 1 / 0
    with caplog.at_level(logging.CRITICAL), pytest.raises(ollama.ResponseError, match="division by zero"):
        chat(double)


JSON = '{"done": true}'


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("fenced", f"```json\n{JSON}\n```"),
        ("trailing_comma", '{"done": true,}'),
        ("format_ignored", "The picture looks good overall. I would give it a 7 out of 10."),
    ],
)
def test_careless_answers(double, kind, expected):
    double.script.append(Reply(kind, JSON))
    assert chat(double, format=SCHEMA).message.content == expected
    assert not double.script


@pytest.mark.parametrize("stream", [False, True])
def test_more_careless_answers(double, stream):
    def play(kind: str):
        double.script.append(Reply(kind, JSON))
        answer = chat(double, stream=stream)
        parts = answer if stream else [answer]
        text = "".join(p.message.content or "" for p in parts)
        return text, "".join(p.message.thinking or "" for p in parts), parts[-1].done, parts[-1].done_reason

    assert play("prose")[0].startswith("Sure!")
    assert JSON in play("prose")[0]
    assert play("think_tag")[0].startswith("<think>")
    assert play("json_in_thinking") == ("", JSON, True, "stop")
    assert play("length") == (JSON[: len(JSON) // 2], "", True, "length")
    assert play("no_done") == (JSON, "", False, None)
    text, _, done, reason = play("endless_spaces")
    assert (text.strip(), len(text) > 1000, done, reason) == ("{", True, True, "length")


def test_pictures_arrive_unharmed(double):
    seen = []
    double.default = lambda body, pictures: seen.append(np.asarray(Image.open(io.BytesIO(pictures[0])))) or "{}"
    chat(double, messages=said("look", picture_of(GOAL)))
    assert (seen[0] == draw(parse(GOAL), 3, 256, 256)).all()


def test_the_pixel_judge_reads_the_goal_and_the_picture():
    with OllamaDouble(default=pixel_judge) as double:
        asked = f"<goal>a green star</goal> is an example. <goal>\n{GOAL}\n</goal> What do you say?"
        met = json.loads(chat(double, messages=said(asked, picture_of("a red star"), picture_of(GOAL))).message.content)
        assert met["done"]
        assert list(met) == sorted(met)
        unmet = json.loads(chat(double, messages=said(asked, picture_of("two red circles"))).message.content)
        assert not unmet["done"]
        assert "exactly three red circles" in unmet["changes"]["prompt_append"]
        generated = post(double, "/api/generate", prompt=asked, images=[base64.b64encode(picture_of(GOAL)).decode()])
        assert json.loads(generated.json()["response"])["done"]


@pytest.mark.parametrize(
    ("text", "pictures", "reason"),
    [
        ("look", [picture_of(GOAL)], "names no goal"),
        ("<goal>a star</goal>", [], "no picture"),
        ("<goal>a star</goal>", [b"rubbish"], "cannot be read"),
    ],
)
def test_the_pixel_judge_says_what_it_lacks(text, pictures, reason):
    answer = json.loads(pixel_judge({"messages": said(text)}, pictures))
    assert answer["assessment"]["prompt_match"] == 0
    assert answer["done"] is False
    assert reason in answer["reason"]
