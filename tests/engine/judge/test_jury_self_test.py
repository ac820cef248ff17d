"""Several judges tested as one: what one cannot tell, another can."""

from __future__ import annotations

import asyncio
import json

import pytest
from pack.engine.judge.jury_self_test import jury_digest, run_jury_self_test
from pack.engine.judge.questions import look_questions
from pack.engine.judge.self_test_scenes import self_test_scenes
from pack.engine.judge.vision_model import Reply


class Knowing:
    """Knows the truth of all kinds but one, about which it always says the same. It keeps no scene in mind: it is told
    by the order in which scenes are shown."""

    def __init__(self, name, blind, digest="sha256:AB"):
        self.name, self.blind, self.sha, self.asked, self.released = name, blind, digest, 0, 0

    async def check(self):
        pass

    async def ask(self, question):
        scene, wording = self_test_scenes()[self.asked // 2], 1 + self.asked % 2
        self.asked += 1
        truth = {trial.requirement.id: trial.holds for trial in scene.trials}
        said = {}
        for one in look_questions(scene.checklist, self.asked // 2, wording).asked.values():
            holds = True if one.requirement.kind == self.blind else truth[one.requirement.id]
            wrong = {"yesno": "no" if one.expect == ("yes",) else "yes", "count": 9, "open": "mist"}[one.ask]
            right = int(one.expect[0]) if one.ask == "count" else one.expect[0]
            assert one.question in question.text
            said[next(key for key, line in _lines(question) if one.question in line)] = right if holds else wrong
        return Reply(json.dumps(said))

    async def digest(self):
        return self.sha

    async def release(self):
        self.released += 1


def _lines(question):
    return [(line.split(" ", 1)[0], line) for line in question.text.split("\n") if line.startswith("q")]


def by_kind(tested):
    return {one.kind: one.verdict for one in tested.kinds}


def test_one_tells_what_the_other_cannot():
    models, told = [Knowing("a", "count"), Knowing("b", "text")], []
    tests, together = asyncio.run(run_jury_self_test(models, lambda done, of: told.append((done, of))))
    assert by_kind(tests[0])["count"] == by_kind(tests[1])["text"] == "too weak"
    assert set(by_kind(together).values()) == {"good"}
    assert together.model == "a, b"
    assert told[0] == (1, 120) and told[-1] == (120, 120)
    assert [one.released for one in models] == [1, 1]


def test_what_none_can_tell_stays_too_weak():
    _, together = asyncio.run(run_jury_self_test([Knowing("a", "count"), Knowing("b", "count")]))
    assert by_kind(together)["count"] == "too weak"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (["sha256:AB", "cd"], ["cd", "ab"], True),
        (["ab", "cd"], ["ab", "ce"], False),
    ],
)
def test_a_jury_is_known_by_its_judges(one, other, same):
    assert (jury_digest(one) == jury_digest(other)) == same
    assert jury_digest(["ab", ""]) == ""
