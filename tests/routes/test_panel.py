"""The panel's routes over real HTTP."""

from __future__ import annotations

import asyncio
import io

from pack.engine.files import write_text
from pack.engine.loop.journal import Journal
from PIL import Image

from ..engine.loop.runs import critique
from .test_runs import Site, finished, served


@served
async def test_thumbnails(site):
    run_id = await finished(site)
    jpeg = await site.get(f"runs/{run_id}/thumbnails/loop_01_iter_01.png")
    assert Image.open(io.BytesIO(jpeg)).size == (4, 4)
    assert await site.get(f"runs/{run_id}/thumbnails/best.png")
    together = [site.get(f"runs/{run_id}/thumbnails/best.png") for _ in range(8)]
    assert len({*await asyncio.gather(*together)}) == 1
    async with site.client.get(f"/imitatoes/runs/{run_id}/thumbnails/best.png?v=p1") as answer:
        assert "max-age" in answer.headers["Cache-Control"]
    for path, status in (
        (f"runs/{run_id}/thumbnails/run.json", 400),
        (f"runs/{run_id}/thumbnails/..%2F..%2Fsecret.png", 400),
        (f"runs/{run_id}/thumbnails/loop_09_iter_09.png", 404),
        ("runs/20200101-000000-00000000/thumbnails/best.png", 404),
        ("runs/..%2F..%2Fetc/thumbnails/best.png", 400),
    ):
        assert (await site.get(path, status))["error"]["message"], path


def test_a_past_run_is_read_once_for_all_its_thumbnails(tmp_path, monkeypatch):
    """A page asks for many at once, and reading a long run holds Python's lock for some milliseconds."""
    reads = []
    real = Journal.load
    monkeypatch.setattr(Journal, "load", lambda journal, run_id: reads.append(run_id) or real(journal, run_id))

    async def story(site):
        run_id = await finished(site)
        path = f"runs/{run_id}/thumbnails/loop_01_iter_01.png"
        site.driver.live.remove(run_id)  # as of an earlier server session
        await asyncio.gather(*(site.get(path) for _ in range(12)))
        assert reads == [run_id]
        text = (site.root / run_id / "run.json").read_text()
        write_text(site.root / run_id / "run.json", text.replace("a red fox in snow", "a red fox in rain"))
        assert (await site.get(f"runs/{run_id}"))["goal"] == "a red fox in rain", "another server wrote it anew"
        assert reads == [run_id] * 2

    asyncio.run(Site(tmp_path).serve(story))


@served
async def test_a_damaged_picture_has_no_thumbnail_and_says_so(site):
    run_id = await finished(site)
    for damage in (b"no picture", b"\x89PNG\r\n\x1a\n" + bytes(100)):
        (site.root / run_id / "loop_01_iter_01.png").write_bytes(damage)
        answer = await site.get(f"runs/{run_id}/thumbnails/loop_01_iter_01.png", 404)
        assert answer["error"]["type"] == "no_picture"


@served
async def test_what_an_ended_run_lacks_is_made_when_it_is_read(site):
    """Its server died after the last iteration, or its disk was full."""
    run_id = await finished(site)
    folder = site.root / run_id
    whole = {name: (folder / name).read_bytes() for name in ("best.png", "contact_sheet.jpg")}
    for lost in [["best.png"], ["contact_sheet.jpg"], ["best.png", "contact_sheet.jpg"]]:
        again = Site(site.root)
        for name in lost:
            (folder / name).unlink()
        await again.actions.read(run_id)
        assert {name: (folder / name).read_bytes() for name in whole} == whole
    (folder / "best.png").write_bytes(b"of another iteration")
    await Site(site.root).actions.read(run_id)
    assert (folder / "best.png").read_bytes() == whole["best.png"]


@served
async def test_how_many_thumbnails_are_kept(site):
    assert await site.post("thumbnails", {"kept": 5}) == {"kept": 5}
    assert site.thumbnails().kept == 5
    await site.post("thumbnails", {"kept": -1}, status=400)


@served
async def test_taking_one_of_an_ended_run(site):
    run_id = await finished(site)
    run = await site.post(f"runs/{run_id}/take", {"iteration": 1})
    assert (run["taken"], run["best"]["iteration"]) == (1, 1)
    error = (await site.post(f"runs/{run_id}/take", {"iteration": 9}, status=400))["error"]
    assert "no iteration 9" in error["message"]


@served
async def test_delete_asks_for_an_ended_run(site):
    place = await site.begin()
    assert (await site.post(f"runs/{place.run.id}/delete", status=409))["error"]["type"] == "not_now"
    site.judged("p1", critique(0.9, passed=True))
    await site.ended(place.run.id)
    assert await site.post(f"runs/{place.run.id}/delete") == {"deleted": place.run.id}
    assert await site.get("runs") == {"runs": []}
    await site.post(f"runs/{place.run.id}/delete", status=404)


@served
async def test_folder_and_nodes(site):
    run_id = await finished(site)
    assert (await site.get(f"runs/{run_id}/folder"))["folder"] == str(site.root / run_id)
    nodes = (await site.get(f"runs/{run_id}/nodes"))["nodes"]
    assert nodes == {"10": "ImitatoesSelfImprovingPrompt", "11": "ImitatoesVLMCritique"}
    (site.root / run_id / "graph.json").unlink()
    await site.get(f"runs/{run_id}/nodes", 409)


@served
async def test_the_list_in_pages(site):
    run_id = await finished(site)
    assert len((await site.get("runs?limit=1"))["runs"]) == 1
    assert await site.get(f"runs?limit=1&before={run_id}") == {"runs": []}
    await site.get("runs?limit=many", 400)


@served
async def test_mutating_routes_demand_json(site):
    run_id = await finished(site)
    for action in ("take", "attach", "delete"):
        plain = {"data": b"{}", "headers": {"Content-Type": "text/plain"}}
        assert (await site.post(f"runs/{run_id}/{action}", status=415, **plain))["error"]["type"] == "not_json"
        await site.post(f"runs/{run_id}/{action}", {"surprise": 1}, status=400)
    await site.post(f"runs/{run_id}/attach", {"client_id": "c"}, status=409)


@served
async def test_a_star_is_kept_and_runs_are_found_by_it_and_by_words(site):
    run_id = await finished(site)
    assert (await site.post(f"runs/{run_id}/star", {"starred": True}))["starred"] is True
    assert Site(site.root).journal().load(run_id).starred, "on disk"
    found = lambda query: site.get(f"runs?{query}")  # noqa: E731
    assert [one["run_id"] for one in (await found("starred=true&search=FOX"))["runs"]] == [run_id]
    assert (await found("search=wolf"))["runs"] == []
    assert (await found("state=failed"))["runs"] == []
    await site.get("runs?state=nonsense", 400)
    await site.get("runs?least_score=2", 400)
    assert (await site.post(f"runs/{run_id}/star", {"starred": False}))["starred"] is False
    assert (await found("starred=true"))["runs"] == []


@served
async def test_the_folder_says_its_size_and_is_shown_only_to_whoever_sits_at_the_server(site):
    run_id = await finished(site)
    folder = site.root / run_id
    told = await site.get(f"runs/{run_id}/folder")
    assert told == {"folder": str(folder), "size": sum(p.stat().st_size for p in folder.iterdir()), "opens": True}
    assert (await site.post(f"runs/{run_id}/open"))["opened"] == str(folder)
    assert site.opened == folder
    site.opened = None
    away = {"X-Forwarded-For": "192.0.2.7"}
    async with site.client.post(f"/imitatoes/runs/{run_id}/open", json={}, headers=away) as answer:
        assert answer.status == 409
        assert str(folder) in (await answer.json())["error"]["message"]
    assert site.opened is None
