"""A vision model in memory, and the checklist that the tests judge by."""

from __future__ import annotations

import json

from pack.engine.judge.checklist import Checklist, Requirement
from pack.engine.judge.questions import QUALITY, look_questions, quality_key
from pack.engine.judge.vision_model import Reply, Token


class MemoryModel:
    """Gives the prepared answers, the last one for ever: texts, Replies, or callables of the question.

    An exception among them is raised.
    """

    name = "memory:1b"

    def __init__(self, *answers, check=None):
        self.answers, self.check_problem = list(answers), check
        self.questions, self.checks, self.released = [], 0, 0

    async def check(self):
        self.checks += 1
        if self.check_problem:
            raise self.check_problem

    async def ask(self, question):
        self.questions.append(question)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if callable(answer):
            answer = answer(question)
        if isinstance(answer, BaseException):
            raise answer
        return answer if isinstance(answer, Reply) else Reply(answer)

    async def digest(self):
        return "sha"

    async def release(self):
        self.released += 1

    @property
    def tasks(self):
        return [question.text.removeprefix("<task>").split("<")[0] for question in self.questions]


def requirement(name, kind="object", text="a duck", **more):
    given = {
        "question": f"Is there {text}?",
        "ask": "yesno",
        "expect": ("yes",),
        "alt_question": f"Is {text} missing?",
        "alt_ask": "yesno",
        "alt_expect": ("no",),
        "span": text,
    }
    return Requirement(id=name, kind=kind, text=text, **(given | more))


DUCKS = requirement(
    "r1",
    "count",
    "three ducks",
    question="How many ducks are there?",
    ask="count",
    expect=("3",),
    alt_question="Count the ducks. How many?",
    alt_ask="count",
    alt_expect=("3",),
)
HAT = requirement("r2", "object", "a hat")
RED = requirement(
    "r3",
    "attribute",
    "a red hat",
    question="Is the hat red?",
    alt_question="What colour is the hat?",
    alt_ask="open",
    alt_expect=("red", "crimson"),
    parents=("r2",),
)
CHECKLIST = Checklist(goal="three ducks with a red hat", requirements=(DUCKS, HAT, RED))
RIGHT = {1: {"r1": 3, "r2": "yes", "r3": "yes"}, 2: {"r1": 3, "r2": "no", "r3": "red"}}


def wording_of(question):
    return 2 if "missing?" in question.text or "What colour" in question.text else 1


def answers(wording=1, quality="good", levels=None, seed=7, checklist=CHECKLIST, **given):
    """The JSON text of an answer to a look; given: values by requirement id, else the right ones."""
    values = RIGHT[wording] | given
    keys = {key: values[one.requirement.id] for key, one in look_questions(checklist, seed, wording).asked.items()}
    rated = {quality_key(check): (levels or {}).get(check, quality) for check in QUALITY}
    return json.dumps(keys | rated)


def seeing(**given):
    """A model's answers in both wordings; given: r1=2 for what it sees in the first, else all is right.

    r2_again and the like: what it says in the second wording. edit: the editor's answer.
    """
    quality, edit = given.pop("quality", "good"), given.pop("edit", "{}")
    first = {name: value for name, value in given.items() if "_" not in name}
    again = {name.removesuffix("_again"): value for name, value in given.items() if name.endswith("_again")}

    def answer(question):
        if "<task>edit</task>" in question.text:
            return edit
        wording = wording_of(question)
        return answers(wording, quality, **(again if wording == 2 else first))

    return answer


def spelled(text, *cuts):
    """Tokens of a text, cut at the given parts; others are whole. Each lists itself alone, with probability .9."""
    parts, at = [], 0
    for cut in cuts:
        start = text.index(cut, at)
        if start > at:
            parts.append(text[at:start])
        parts.append(cut)
        at = start + len(cut)
    if text[at:]:
        parts.append(text[at:])
    return [Token(part, -0.1, ((part, -0.1),)) for part in parts]
