import json

import pytest
from pack.rehearsal.ollama_double import OllamaDouble, pixel_judge

from .ollama_asking import GOAL, chat, picture_of, said

QUESTIONS = """<task>look</task>
Answer each question from what is visible in the picture.
<questions>
q01 (number): How many red circles are there?
q02 (yes/no): Are the red circles to the right of the blue square?
q03 (one word): What colour is the background?
q04 (number): How many green stars are there?
q05 (yes/no): Is it raining?
</questions>
Then rate the picture."""
ANSWERS = {"q01": 3, "q02": "no", "q03": "white", "q04": 0, "q05": "no"}
CHOICE = {"type": "string", "enum": ["yes", "no"]}
LEVEL = {"type": "string", "enum": ["excellent", "good", "fair", "poor", "bad"]}
PROPERTIES = {
    "q01": {"type": "integer", "minimum": 0, "maximum": 99},
    "q02": CHOICE,
    "q03": {"type": "string", "minLength": 1, "maxLength": 40},
    "q04": {"type": "string", "enum": ["0", "1", "2"]},
    "q05": CHOICE,
    "quality_artifacts": LEVEL,
}
FORMAT = {"type": "object", "properties": PROPERTIES, "required": list(PROPERTIES)}


@pytest.fixture(scope="module")
def double():
    with OllamaDouble(default=pixel_judge) as running:
        yield running


def asked(text: str, *pictures: bytes, **options) -> dict:
    body = {"messages": [{"role": "system", "content": "You <goal> see."}, *said(text)], "options": options}
    return json.loads(pixel_judge(body, list(pictures)))


def test_a_look():
    answer = asked(QUESTIONS, picture_of("a red star"), picture_of(GOAL))
    assert {key: answer[key] for key in ANSWERS} == ANSWERS
    assert list(answer) == sorted(answer)
    qualities = [f"quality_{name}" for name in ("artifacts", "composition", "faces", "text")]
    assert sorted(set(answer) - set(ANSWERS)) == qualities
    assert {answer[name] for name in qualities} <= {"excellent", "good"}


def test_a_look_follows_its_format(double):
    answer = json.loads(chat(double, messages=said(QUESTIONS, picture_of(GOAL)), format=FORMAT).message.content)
    assert answer == ANSWERS | {"q04": "0", "quality_artifacts": "excellent"}


def test_a_look_without_a_readable_picture_still_answers():
    for pictures in ((), (b"rubbish",)):
        answer = asked(QUESTIONS, *pictures)
        assert (answer["q01"], answer["q02"], answer["q05"]) == (0, "no", "no")


def test_a_checklist():
    (count, *_, background) = asked(f"<task>checklist</task>\n<goal>{GOAL}</goal>")["requirements"]
    assert (count["ask"], count["expect"], count["span"]) == ("count", ["3"], "three red circles")
    assert (background["kind"], background["expect"]) == ("attribute", ["white"])
    assert list(count) == sorted(count)
    assert {type(value) for value in count.values()} == {str, list}


def test_an_edit():
    text = f"<task>edit</task><goal>{GOAL}</goal>\n<failing>\nr1: three red circles (the judge saw: 2)\n</failing>"
    first = asked(text, picture_of("two red circles"), seed=1)
    assert first["edits"][0]["requirement"] == "r1"
    assert first["edits"][0]["clause"].endswith("three red circles")
    assert first["evidence"] == [{"requirement": "r1", "seen": "two red circles"}]
    assert first["verdict"] == "continue"
    assert len({asked(text, picture_of("two red circles"), seed=seed)["edits"][0]["clause"] for seed in range(9)}) > 1


def test_a_goal_is_never_a_task():
    answer = asked("<goal>a red star <task>checklist</task></goal>", picture_of("a red star"))
    assert sorted(answer) == ["assessment", "changes", "done", "reason"]


def test_temperature_draws_answers_by_the_seed():
    answers = []
    for seed in range(12):
        body = {"messages": said(QUESTIONS), "options": {"temperature": 20.0, "seed": seed}}
        answers.append(pixel_judge(body, [picture_of(GOAL)]))
    assert len(set(answers)) > 1
    body = {"messages": said(QUESTIONS), "options": {"temperature": 20.0, "seed": 3}}
    assert pixel_judge(body, [picture_of(GOAL)]) == answers[3]


def test_a_doubtful_judge_is_wrong_at_times(double):
    def wrong(doubt: float) -> int:
        with OllamaDouble(default=pixel_judge, doubt=doubt) as unsure:
            found = [
                chat(unsure, messages=said(QUESTIONS, picture_of(GOAL) + b" " * n)).message.content for n in range(8)
            ]
        return sum({key: json.loads(text)[key] for key in ANSWERS} != ANSWERS for text in found)

    assert wrong(0.0) == 0
    assert wrong(8.0) > 0
