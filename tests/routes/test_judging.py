"""Pictures judged without a loop over real HTTP: one by its name, and a folder as a job that is stopped and resumed."""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import sys
import types

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from pack import host
from pack.engine.judge.critique import CHECKS
from pack.engine.judge.judge import Judge
from pack.engine.judge.vision_model import ModelUnreachable
from pack.rehearsal.ollama_pixels import pixel_judge
from pack.rehearsal.world.painter import draw
from pack.rehearsal.world.scene import parse
from pack.routes import register
from PIL import Image

from ..engine.judge.memory_model import MemoryModel
from .documented import documented_site

URL = "/imitatoes/judge"
GOAL = "three red circles"
PAINTED = {"b_two.png": "two red circles", "a_three.png": "three red circles", "c_none.png": "a blue square"}


class PixelModel(MemoryModel):
    """Looks at pixels. may: cleared to hold it up; ranking: of which job it holds itself up once, when a picture of it
    is ranked; failing: what it raises."""

    name = "pixels"

    def __init__(self):
        super().__init__("")
        self.may, self.failing, self.ranking = asyncio.Event(), None, None
        self.may.set()

    async def ask(self, question):
        await self.may.wait()
        if self.ranking is not None and (await self.ranking()).ranked:
            self.ranking = None
            self.may.clear()
            await self.may.wait()
        if self.failing:
            raise self.failing
        self.questions.append(question)
        body = {"messages": [{"content": f"{question.system}\n{question.text}"}]}
        from pack.engine.judge.vision_model import Reply

        return Reply(str(pixel_judge(body, [question.jpeg] if question.jpeg else [])))


class Site:
    def __init__(self, module, root):
        self.model, self.root, self.asked = PixelModel(), root, []
        self.picture_judging = module.PictureJudging(self.make, lambda: root / "output" / "rankings")
        self.module = module

    async def make(self, request):
        self.asked.append(request)
        if request.judge.connection == "nowhere":
            raise ValueError("judge.connection: there is no connection 'nowhere'.")
        return Judge("ollama", self.model, request.pass_score, CHECKS)

    async def ask(self, method, path="", status=200, **options):
        async with self.client.request(method, URL + path, **options) as answer:
            body = await answer.read()
            assert answer.status == status, body
            return json.loads(body) if answer.content_type == "application/json" else body

    async def until(self, job, state):
        for _ in range(500):
            ranking = await self.ask("GET", f"/batch?id={job}")
            if ranking["state"] == state:
                return ranking
            await asyncio.sleep(0.02)
        raise AssertionError(ranking)


@pytest.fixture
def served(tmp_path, monkeypatch):
    folders = types.ModuleType("folder_paths")
    for name in ("output", "input", "temp"):
        (tmp_path / name / "sub").mkdir(parents=True)
        setattr(folders, f"get_{name}_directory", lambda name=name: str(tmp_path / name))
    monkeypatch.setitem(sys.modules, "folder_paths", folders)
    for name in ("picture_files", "picture_judging"):
        monkeypatch.delitem(sys.modules, f"pack.host.{name}", raising=False)
        monkeypatch.delattr(host, name, raising=False)
    module = importlib.import_module("pack.host.picture_judging")
    for name, prompt in PAINTED.items():
        Image.fromarray(draw(parse(prompt), 5, 256, 256)).save(tmp_path / "output" / "sub" / name)
    (tmp_path / "output" / "sub" / "notes.txt").write_text("no picture")
    (tmp_path / "outside.png").write_bytes((tmp_path / "output" / "sub" / "a_three.png").read_bytes())

    def run(story):
        async def main():
            site, routes = Site(module, tmp_path), web.RouteTableDef()
            register(routes, lambda: site)
            async with TestClient(TestServer(documented_site(routes))) as site.client:
                await story(site)

        asyncio.run(main())

    return run


def test_one_picture_is_judged_by_its_name(served):
    async def story(site):
        right = await site.ask("POST", json={"image": "sub/a_three.png", "checklist": [GOAL]})
        wrong = await site.ask("POST", json={"image": "sub/b_two.png", "folder": "output", "checklist": GOAL})
        assert (right["critique"]["passed"], wrong["critique"]["passed"]) == (True, False)
        assert "I count 2" in wrong["critique"]["reason"]
        assert [one["text"] for one in right["checklist"]["requirements"]] == [GOAL]
        assert site.model.released == 2

    served(story)


@pytest.mark.parametrize(
    "image",
    ["../outside.png", "sub/../../outside.png", "/etc/passwd", "sub\\..\\..\\outside.png", "link.png", "sub/notes.txt",
     "sub", "nothing.png", "a\0.png"],
)  # fmt: skip
def test_nothing_outside_of_the_folders_is_opened(served, image):
    async def story(site):
        os.symlink(site.root / "outside.png", site.root / "output" / "link.png")
        told = await site.ask("POST", status=400, json={"image": image, "goal": GOAL})
        assert told["error"]["message"].startswith("image: ")
        assert not site.asked

    served(story)


def test_wrong_requests(served):
    async def story(site):
        await site.ask("POST", status=400, json={"image": "sub/a_three.png"})
        await site.ask("POST", status=400, json={"image": "sub/a_three.png", "goal": GOAL, "url": "http://x"})
        await site.ask("POST", "/batch", 400, json={"sub_folder": "..", "goal": GOAL})
        await site.ask("POST", "/batch", 400, json={"sub_folder": "empty", "goal": GOAL})
        await site.ask(
            "POST", "/batch", 400, json={"sub_folder": "sub", "goal": GOAL, "judge": {"connection": "nowhere"}}
        )
        for job in ("../../x", "20260101-000000-00000000"):
            await site.ask("GET", f"/batch?id={job}", 400)
            await site.ask("POST", "/batch/resume", 400, json={"id": job})

    served(story)


def test_a_judge_that_does_not_answer_is_no_verdict(served):
    async def story(site):
        site.model.failing = ModelUnreachable("No connection.")
        found = await site.ask("POST", json={"image": "sub/a_three.png", "checklist": [GOAL]})
        assert (found["critique"]["outcome"], found["critique"]["score"]) == ("unreachable", None)

    served(story)


def test_a_folder_is_ranked_best_first_and_nothing_is_touched(served):
    async def story(site):
        folder = site.root / "output" / "sub"
        before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}
        job = await site.ask("POST", "/batch", 202, json={"sub_folder": "sub", "checklist": [GOAL]})
        assert (job["state"], len(job["images"])) == ("running", 3)
        done = await site.until(job["id"], "done")
        assert done["ranked"][0]["image"] == "sub/a_three.png"
        assert [one["passed"] for one in done["ranked"]] == [True, False, False]
        sheet = await site.ask("GET", f"/batch/sheet?id={job['id']}")
        assert sheet[:2] == b"\xff\xd8"
        assert before == {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}
        told = await site.ask("POST", "/batch/resume", 409, json={"id": job["id"]})
        assert "All its pictures are ranked" in told["error"]["message"]

    served(story)


def test_a_job_is_stopped_and_resumed_also_by_another_server(served):
    async def story(site):
        site.model.may.clear()
        job = (await site.ask("POST", "/batch", 202, json={"sub_folder": "sub", "checklist": [GOAL]}))["id"]
        site.model.ranking = lambda: site.picture_judging.show(job)
        site.model.may.set()
        for _ in range(500):
            if (await site.ask("GET", f"/batch?id={job}"))["ranked"]:
                break
            await asyncio.sleep(0.01)
        refused = await site.ask("POST", "/batch", 409, json={"sub_folder": "sub", "goal": GOAL})
        assert "Another folder" in refused["error"]["message"]
        stopped = await site.ask("POST", "/batch/stop", json={"id": job})
        assert stopped["state"] == "stopped"
        first = {one["image"] for one in stopped["ranked"]}
        assert 1 <= len(first) < 3
        site.model.ranking = None  # where the stop was faster
        site.model.may.set()
        # Another server finds the job on disk.
        site.picture_judging = site.module.PictureJudging(site.make, lambda: site.root / "output" / "rankings")
        assert (await site.ask("GET", f"/batch?id={job}"))["state"] == "stopped"
        asked = len(site.model.questions)
        await site.ask("POST", "/batch/resume", json={"id": job})
        done = await site.until(job, "done")
        assert len(done["ranked"]) == 3
        assert len(site.model.questions) - asked <= 3 * (3 - len(first)), "what was judged is not asked again"

    served(story)


def test_of_two_that_begin_at_once_one_is_refused(served):
    async def story(site):
        async def begun():
            async with site.client.post(f"{URL}/batch", json={"sub_folder": "sub", "checklist": [GOAL]}) as answer:
                return answer.status, await answer.json()

        (status, job), (refused, told) = sorted(await asyncio.gather(begun(), begun()), key=lambda one: one[0])
        assert (status, refused) == (202, 409)
        assert "Another folder" in told["error"]["message"]
        assert len((await site.until(job["id"], "done"))["ranked"]) == 3

    served(story)


def test_a_job_gives_up_where_nobody_answers(served):
    async def story(site):
        site.model.failing = ModelUnreachable("No connection.")
        job = (await site.ask("POST", "/batch", 202, json={"sub_folder": "sub", "checklist": [GOAL]}))["id"]
        failed = await site.until(job, "failed")
        assert "Given up after 3 pictures" in failed["message"]
        site.model.failing = None
        await site.ask("POST", "/batch/resume", json={"id": job})
        assert [one["score"] is None for one in (await site.until(job, "done"))["ranked"]] == [False] * 3

    served(story)


def test_folders_and_rankings_are_listed(served):
    async def story(site):
        assert await site.ask("GET", "/batch/list") == {"rankings": []}
        (site.root / "output" / "imitatoes" / "run").mkdir(parents=True)
        picture = (site.root / "output" / "sub" / "a_three.png").read_bytes()
        for name in ("imitatoes/run/best.png", ".hidden/a.png", "sub/deep/a.png"):
            path = site.root / "output" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(picture)
        (site.root / "input" / "b.jpg").write_bytes(picture)
        os.symlink(site.root / "input", site.root / "output" / "elsewhere")
        listed = await site.ask("GET", "/batch/folders")
        assert [(one["folder"], one["sub_folder"], one["pictures"]) for one in listed["folders"]] == [
            ("output", "sub", 3),
            ("output", "sub/deep", 1),
            ("input", "", 1),
        ]
        assert listed["most"] == 500
        job = await site.ask("POST", "/batch", 202, json={"sub_folder": "sub", "checklist": [GOAL]})
        await site.until(job["id"], "done")
        (site.root / "output" / "rankings" / "20260101-000000-00000000").mkdir()
        site.picture_judging = site.module.PictureJudging(site.make, lambda: site.root / "output" / "rankings")
        (only,) = (await site.ask("GET", "/batch/list"))["rankings"]
        assert (only["id"], only["state"], only["goal"], only["done"], only["of"]) == (job["id"], "done", GOAL, 3, 3)
        assert only["best"] == "sub/a_three.png"

    served(story)
