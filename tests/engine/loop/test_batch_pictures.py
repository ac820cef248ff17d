"""Renders that give several pictures: each is judged, kept, has its own seed, and teaches."""

from __future__ import annotations

import asyncio
import json

import pytest
import torch
from pack.engine.judge.judge import Judge
from pack.engine.judge.picture import Picture
from pack.engine.loop.batch_pictures import CardShare, PictureSource, letter, picture_sources
from pack.engine.loop.belief.run_belief import believe_run
from pack.engine.loop.belief.worth import RenderCandidate, worth_of_several
from pack.engine.loop.critic import critique_in_run
from pack.engine.loop.journal import Journal
from pack.engine.loop.next_plan import plan_render
from pack.engine.loop.run import BatchPicture
from pack.engine.loop.view import run_view
from pack.engine.settings import MAX_SEED
from PIL import Image

from .runs import SETTINGS, checklist, itemised, judged, run
from .stage import Stage

CARDS = (CardShare("", 0, 2), CardShare("upstairs", 1, 2), CardShare("cellar", 3, 1))
"""Of three workers the second brought nothing."""


def test_pictures_of_a_batch_are_called_by_letters():
    assert [letter(n) for n in (0, 1, 25, 26, 27, 52)] == ["a", "b", "z", "aa", "ab", "ba"]


def test_a_picture_alone_needs_no_source_and_those_of_a_batch_share_its_seed():
    assert picture_sources(7, 1) == [None]
    assert picture_sources(7, 3) == [PictureSource(seed=7, place=place) for place in range(3)]


def test_each_card_paints_with_a_seed_of_its_own():
    found = picture_sources(7, 6, CARDS)
    assert [(one.seed, one.place, one.worker) for one in found[:5]] == [
        (7, 0, ""),
        (7, 1, ""),
        (8, 0, "upstairs"),
        (8, 1, "upstairs"),
        (10, 0, "cellar"),
    ]
    assert found[5] is None, "nobody says who painted it"
    assert picture_sources(MAX_SEED, 1, (CardShare("last", 1, 1),))[0].seed == 0


class OnStage:
    """The driver of a stage, as the critic reaches it."""

    def __init__(self, stage):
        self.stage = stage

    async def begin(self, prompt_context):
        return await self.stage.begin_as(prompt_context)

    async def report(self, prompt_id, report):
        self.reported = report
        return self.stage.driver.report(prompt_id, report)


async def criticised(root, pictures, shares=()):
    """(report, run) of the first render, by a judge without a model."""
    stage = Stage(root)
    context = stage.prompt_context("p1")
    context = type(context)(**{**vars(context), "shares": shares})
    driver = OnStage(stage)
    judge = Judge("offline", None, 0.8, ())
    seen = [Picture(torch.rand(48, 64, 3)) for _ in range(pictures)]
    await critique_in_run(driver, Journal(root), judge, seen, context, embed=True)
    return driver.reported, stage.driver.live.waiting_for("p1").run


@pytest.mark.parametrize(("shares", "seeds"), [((), [5, 5, 5, 5, 5]), (CARDS, [5, 5, 6, 6, 8])])
def test_all_are_kept_each_with_the_graph_that_paints_it_again(tmp_path, shares, seeds):
    report, story = asyncio.run(criticised(tmp_path, 5, shares))
    folder = tmp_path / story.id
    assert sorted(path.name for path in folder.glob("*.png")) == [f"loop_01_iter_01_{name}.png" for name in "abcde"]
    sources = {one.index: one.source for one in report.others} | {report.batch_index: report.source}
    assert [sources[index].seed for index in range(5)] == seeds
    for index, name in enumerate("abcde"):
        with Image.open(folder / f"loop_01_iter_01_{name}.png") as picture:
            inputs = json.loads(picture.text["prompt"])["10"]["inputs"]
        assert inputs["seed"] == seeds[index]
        assert {**inputs, "seed": SETTINGS.seed} == {**inputs, **SETTINGS.model_dump()}, "and nothing else differs"


def test_what_many_cards_bring_is_judged_whole(tmp_path):
    cards = tuple(CardShare(f"card {n}" if n else "", n, 2) for n in range(6))
    report, story = asyncio.run(criticised(tmp_path, 12, cards))
    assert len(report.others) == 11
    assert len(list((tmp_path / story.id).glob("*.png"))) == 12


def test_of_a_clip_one_frame_is_kept(tmp_path):
    report, story = asyncio.run(criticised(tmp_path, 9))
    assert [path.name for path in (tmp_path / story.id).glob("*.png")] == ["loop_01_iter_01.png"]
    assert report.others == () and report.source is None


def batched(story, best, *others, source=None):
    """The run after its pending render gave several pictures; sources of the others as (critique, source)."""
    after = judged(story, best)
    last = after.iterations[-1].model_copy(
        update={
            "source": source,
            "others": tuple(
                BatchPicture(index=n, critique=one, source=own, picture=f"loop_01_iter_01_{letter(n)}.png")
                for n, (one, own) in enumerate(others, 1)
            ),
        }
    )
    return after.model_copy(update={"iterations": (*after.iterations[:-1], last)})


def fox_run(**fields):
    return run(**fields).model_copy(update={"checklist": checklist("red fox", "three ducks")})


def test_one_render_of_four_teaches_about_words_as_four_renders():
    good, bad = itemised(0.98, 0.97), itemised(0.98, 0.02)
    at_once = batched(fox_run(), good, *((bad, PictureSource(seed=5, place=n)) for n in (1, 2, 3)))
    one_by_one = judged(fox_run(), good)
    for seed in (6, 7, 8):
        plan = one_by_one.pending.plan.model_copy(update={"settings": SETTINGS.model_copy(update={"seed": seed})})
        pending = one_by_one.pending.model_copy(update={"plan": plan})
        one_by_one = judged(one_by_one.model_copy(update={"pending": pending}), bad)
    ducks = [believe_run(story).belief.arms[1][0] for story in (at_once, one_by_one)]
    assert [one.shown for one in ducks] == [4, 4]
    assert ducks[0].mean[0] == pytest.approx(ducks[1].mean[0])


def test_the_noise_of_a_card_comes_again_with_its_seed():
    card = PictureSource(seed=6, worker="upstairs")
    first = batched(fox_run(), itemised(0.9, 0.1), (itemised(0.1, 0.1), card))
    again = first.pending.plan.model_copy(update={"settings": SETTINGS.model_copy(update={"seed": 6})})
    second = judged(
        first.model_copy(update={"pending": first.pending.model_copy(update={"plan": again})}), itemised(0.9, 0.1)
    )
    own, repeated, card_noise = believe_run(second).observations.seeds.tolist()
    assert repeated == card_noise != own


def test_the_seed_that_is_kept_is_that_of_the_best_picture():
    card = PictureSource(seed=8, worker="cellar")
    story = batched(fox_run(seed_policy="keep"), itemised(0.98, 0.1, edits={"r2": "exactly three ducks"}), source=card)
    assert story.iterations[-1].seed == 8
    assert plan_render(story, 1, 2).settings.seed == 8


def test_a_view_tells_every_picture_of_a_batch_with_its_seed_in_words():
    big = PictureSource(seed=2**60 + 1, worker="cellar")
    story = batched(fox_run(), itemised(0.98, 0.9), (itemised(0.2, 0.2), big), source=PictureSource(seed=5))
    (iteration,) = run_view(story).iterations
    assert iteration.seed_text == "5"
    assert iteration.others[0].source.seed_text == str(2**60 + 1)
    assert iteration.others[0].source.worker == "cellar"


def test_a_contact_sheet_shows_every_picture_of_a_batch(tmp_path):
    journal = Journal(tmp_path)
    story = batched(fox_run(), itemised(0.98, 0.9), (itemised(0.2, 0.2), None))
    first = story.iterations[0].model_copy(update={"picture": "loop_01_iter_01_a.png"})
    story = story.model_copy(update={"iterations": (first,)})
    journal.open(story, {}, None)
    for index in range(2):
        journal.save_picture(story.id, first.plan, torch.full((32, 32, 3), index / 2), {}, index)
    journal.close(story)
    assert journal.is_closed(story)
    with Image.open(tmp_path / story.id / "contact_sheet.jpg") as sheet:
        assert sheet.width == 2 * 256


def test_a_render_of_several_is_worth_more_and_an_edit_of_one_picture_is_not():
    story = batched(fox_run(), itemised(0.98, 0.1), *((itemised(0.98, 0.1), None) for _ in range(3)))
    beliefs = believe_run(story)
    assert beliefs.pictures_a_render == 4
    new = RenderCandidate("new_seed", 0.1 * float(1 - beliefs.belief.all_met[0]), (0, 0))
    several = worth_of_several(beliefs.belief, 0, new, 4)
    assert new.worth < several.worth < 1 - float(beliefs.belief.all_met[0])
    assert worth_of_several(beliefs.belief, 0, new, 1) == new
    edit = RenderCandidate("local_edit", 0.1, (0, 0), source=0, target=1)
    assert worth_of_several(beliefs.belief, 0, edit, 4) == edit
