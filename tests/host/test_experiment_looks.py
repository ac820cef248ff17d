"""The looks after the runs: each once, in both wordings, blind; what failed is tried again, what was seen is not."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from pack.engine.experiment.prompts import draw_prompts
from pack.engine.experiment.record import PromptRecord
from pack.engine.judge.critique import Critique, Item
from pack.engine.loop.journal import Journal
from pack.host.experiment_looks import LookerGone, look_at_prompts
from PIL import Image

from ..engine.experiment.reports import played

RUN = "20260101-120000-0123abcd"


class Looker:
    """failing: numbers of the looks, from 1, that give no answer."""

    def __init__(self, *failing):
        self.failing, self.asked, self.released = set(failing), [], 0

    async def one_look(self, picture, checklist, seed, wording):
        self.asked.append((float(picture.image.mean()), checklist.goal, wording))
        if len(self.asked) in self.failing:
            return Critique(judge="ollama", outcome="unreachable", reason="No connection.")
        items = tuple(Item(id=r.id, answer="yes", p=0.9, passed=True) for r in checklist.requirements)
        return Critique(judge="ollama", outcome="judged", score=0.9, items=items, soft=True, reason="")

    async def release(self):
        self.released += 1


@pytest.fixture
def stage(tmp_path):
    """Two prompts with two runs each, whose pictures are there."""
    journal, prompts, records = Journal(tmp_path), draw_prompts(2, 1), {}
    (tmp_path / RUN).mkdir()
    shade = 0
    for prompt in prompts:
        record = PromptRecord(id=prompt.id)
        for arm in ("seeds", "ours"):
            keys = [f"{prompt.id}-{arm}-{n}" for n in (1, 2, 3)]
            files = {}
            for key in keys:
                shade += 10
                name = f"loop_01_iter_{shade // 10:02d}.png"
                Image.fromarray(np.full((8, 8, 3), shade, np.uint8)).save(tmp_path / RUN / name)
                files[key] = name
            record = record.with_run(played(arm, *keys).model_copy(update={"run_id": RUN, "files": files}))
        records[prompt.id] = record
    return journal, prompts, records


def looked(stage, **lookers):
    journal, prompts, records = stage

    async def story():
        async def keep(record):
            records[record.id] = record

        return await look_at_prompts(prompts, records, lookers, journal, 3, 1, keep)

    return asyncio.run(story())


def test_each_picture_that_is_wanted_is_seen_once_by_each_in_both_wordings(stage):
    judge, referee = Looker(), Looker()
    assert looked(stage, judge=judge, referee=referee) == ""
    _, prompts, records = stage
    for prompt in prompts:
        record = records[prompt.id]
        # The first, the one at half (here the first too) and the last of each run.
        assert record.looked
        assert {one.key.rsplit("-", 1)[1] for one in record.pictures} == {"1", "3"}
        assert all(len(one.looks) == 4 for one in record.pictures)
    assert len(judge.asked) == len(referee.asked) == 16
    assert judge.released == referee.released == 1
    assert [a for a in judge.asked] != [a for a in referee.asked], "each has an order of its own"
    assert looked(stage, judge=judge, referee=referee) == ""
    assert len(judge.asked) == 16, "what was seen is not asked about again"


def test_one_look_that_failed_is_made_when_the_experiment_goes_on(stage):
    judge, referee = Looker(), Looker(5)
    assert looked(stage, judge=judge, referee=referee) == "No connection."
    _, prompts, records = stage
    assert sorted(records[one.id].looked for one in prompts) == [False, True]
    assert looked(stage, judge=judge, referee=referee) == ""
    assert all(records[one.id].looked for one in prompts)
    assert len(judge.asked) == 16
    assert len(referee.asked) == 17


def test_what_failed_and_is_played_again_is_looked_at_too(stage):
    judge, referee = Looker(), Looker()
    _, (first, _), records = stage
    whole = records[first.id]
    records[first.id] = PromptRecord(id=first.id, runs={"seeds": whole.runs["seeds"]}, failed={"ours": "No memory."})
    assert looked(stage, judge=judge, referee=referee) == ""
    again = records[first.id].tried_again()
    assert not again.failed
    assert not again.looked, "its prompt is among those that are left"
    records[first.id] = again.with_run(whole.runs["ours"])
    assert looked(stage, judge=judge, referee=referee) == ""
    assert len(records[first.id].pictures) == 4
    assert len(judge.asked) == len(referee.asked) == 16, "what was seen is not asked about again"
    record = records[first.id]
    assert record.tried_again() == record, "what did not fail stays"


def test_a_looker_that_is_gone_ends_it_and_is_named(stage):
    gone = Looker(*range(3, 40))
    with pytest.raises(LookerGone, match="referee gave no answer about 3 pictures"):
        looked(stage, judge=Looker(), referee=gone)
    assert gone.released == 1
    _, prompts, records = stage
    assert not any(records[one.id].looked for one in prompts)


def test_a_picture_that_was_deleted_leaves_its_prompt_out_and_stops_nothing(stage):
    journal, prompts, records = stage
    name = next(iter(records[prompts[0].id].runs["ours"].files.values()))
    (journal.root / RUN / name).unlink()
    assert looked(stage, judge=Looker(), referee=Looker()) == ""
    assert all(records[one.id].looked for one in prompts)
    lost = next(one for one in records[prompts[0].id].pictures if one.name == name)
    assert lost.looks == ()
