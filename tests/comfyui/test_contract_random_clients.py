"""Five clients that do anything at any time: no run starts by itself or is stuck, and each has its best picture.

CLIENT_SEEDS: how many times, each with other choices. CLIENT_SECONDS: how long each. More find more.
"""

from __future__ import annotations

import os
import random
import threading
import time

import pytest
from pack.rehearsal.ollama_double import Reply

from ..outside_client import OutsideClient
from .theatre import loop_graph, opened, other_job, scripted

SEEDS = int(os.environ.get("CLIENT_SEEDS", "1"))
SECONDS = float(os.environ.get("CLIENT_SECONDS", "8"))
CLIENTS = 5
FINE = {200, 400, 404, 408, 409}
"""What may be answered: done, or said why not."""
ENDS = {"done", "unverified", "limit", "no_progress", "no_effect", "stopped", "interrupted", "deleted"}
ENDS |= {"failed", "judge_failed"}
CHECKLISTS = ("a red circle", "a red circle\na blue square", "")


@pytest.fixture
def own_server(server, tmp_path):
    with opened(tmp_path / "base", server.process.comfyui_path, server.process.python) as theatre:
        yield theatre


def moody(draw, script):
    """A judge that now and then says something else. script: the double's, where what is no verdict goes."""
    judges = [scripted(-3, clause=f"clause {n}") for n in range(4)] + [scripted(-2), scripted(4), scripted(5)]

    def judge(body, images):
        if draw.random() < 0.05:  # instead of the next answer: this one is made to follow its schema
            script.append(Reply(draw.choice(["ok", "oom", "drop"]), content="I do not know."))
        return draw.choice(judges)(body, images)

    return judge


class Client:
    """One user: draws an action, does it, and notes what was answered."""

    def __init__(self, theatre, seed, shared):
        self.theatre, self.draw, self.shared = theatre, random.Random(seed), shared
        self.client = OutsideClient(theatre.process.url, theatre.base)

    def act_until(self, deadline):
        try:
            while time.monotonic() < deadline:
                self.draw.choice(self.actions)(self)
                time.sleep(self.draw.random() * 0.2)
        except Exception as problem:
            self.shared["problems"].append(repr(problem))
        finally:
            self.client.close()

    def ask(self, method, path, body=None):
        options = {} if body is None else {"json": body}
        status, _, answer, _ = self.client.ask(method, f"/imitatoes/{path}", **options)
        if status not in FINE:
            self.shared["problems"].append(f"{method} {path}: {status} {answer}")
        return answer if status == 200 else None

    def a_run(self):
        with self.shared["lock"]:
            return self.draw.choice(self.shared["prompts"] or ["nobody"])

    def graph(self):
        return loop_graph(
            seconds=self.draw.choice([0.0, 0.0, 0.1, 0.4]),
            size=64,
            seed=self.draw.randrange(10**9),
            checklist=self.draw.choice(CHECKLISTS),
            iterations_per_loop=self.draw.randint(1, 3),
            max_loops=self.draw.randint(1, 2),
        )

    def queue(self):
        if len(self.client.pending()) <= 8:
            self.note_started(self.client.queue(self.graph()))

    def start(self):
        """As a script does. A prompt that was cleared away meanwhile began no run, and 400 says so."""
        if len(self.client.pending()) <= 8 and (started := self.ask("POST", "runs", {"workflow": self.graph()})):
            self.note_started(started["prompt_id"])

    def note_started(self, prompt_id):
        with self.shared["lock"]:
            self.shared["prompts"].append(prompt_id)
            self.shared["started"].append(prompt_id)

    def other_job(self):
        self.client.queue(other_job(0.05, seed=self.draw.randrange(10**9)))

    def interrupt(self):
        for prompt_id in self.client.running()[:1]:
            self.client.post("/interrupt", {"prompt_id": prompt_id})

    def clear(self):
        if self.draw.random() < 0.3:
            self.client.post("/queue", {"clear": True})
        elif self.draw.random() < 0.5:
            self.client.post("/history", {"clear": True})

    def look(self):
        self.ask("GET", "runs?limit=20")
        self.ask("GET", f"runs/{self.a_run()}")
        self.ask("GET", f"runs/{self.a_run()}/wait?seconds={self.draw.random():.2f}")
        for part in ("iterations", "best", "nodes", "thumbnails/best.png", "pictures/contact_sheet.jpg"):
            self.ask("GET", f"runs/{self.a_run()}/{part}")

    def estimate(self):
        self.ask("POST", "memory/preflight", {"prompt": self.graph()})
        self.ask("POST", "plan", {"workflow": self.graph()})

    def post(self, action, **body):
        return self.ask("POST", f"runs/{self.a_run()}/{action}", body)

    def delete(self):
        name = self.a_run()
        if self.draw.random() < 0.3 and self.ask("POST", f"runs/{name}/delete", {}):
            with self.shared["lock"]:
                self.shared["prompts"] = [one for one in self.shared["prompts"] if one != name]

    actions = (
        queue,
        queue,
        start,
        estimate,
        other_job,
        interrupt,
        clear,
        look,
        delete,
        lambda self: self.post("stop", after_this=self.draw.random() < 0.5),
        lambda self: self.post("take", iteration=self.draw.randint(1, 4)),
        lambda self: self.post("continue"),
        lambda self: self.post("continue", instruction=self.draw.choice(["at night", "in snow", "\u96ea"])),
        lambda self: self.post("resume"),
        lambda self: self.post("attach", client_id="tests"),
        lambda self: self.post(
            "correct", iteration=self.draw.randint(1, 4), requirement="r1", met=self.draw.choice([True, False, None])
        ),
        lambda self: self.post("checklist", requirements=self.draw.choice([["a red circle"], ["a hat", "a fox"]])),
        lambda self: self.post("repair", iteration=self.draw.randint(1, 4), wish="a hat", box=[0.2, 0.2, 0.8, 0.8]),
        lambda self: self.post("star", starred=self.draw.random() < 0.7),
        lambda self: self.post("judge", iteration=self.draw.randint(1, 4)),
    )


@pytest.mark.parametrize("seed", range(SEEDS))
def test_whatever_five_clients_do(own_server, seed):
    theatre, draw = own_server, random.Random(seed)
    theatre.judge.default = moody(draw, theatre.judge.script)
    shared = {"lock": threading.Lock(), "prompts": [], "started": [], "problems": []}
    clients = [Client(theatre, 1000 * seed + n, shared) for n in range(CLIENTS)]
    deadline = time.monotonic() + SECONDS
    threads = [threading.Thread(target=one.act_until, args=(deadline,)) for one in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert shared["problems"] == []
    ended = come_to_rest(theatre)
    for run in ended:
        assert run["status"] in ENDS, (run["status"], run["reason"])
        assert "error inside Imitatoes" not in run["reason"]
        assert run["first_prompt_id"] in shared["started"], "a run that nobody started"
        folder = theatre.runs_folder / run["run_id"]
        assert (run["best"] is not None) == any(one["picture"] for one in run["iterations"]), run["run_id"]
        if run["best"] is not None:
            made = run["iterations"][run["best"]["iteration"] - 1]["picture"]
            assert (folder / "best.png").read_bytes() == (folder / made).read_bytes()
        assert all((folder / name).is_file() for name in run["contact_sheets"])
    assert len({run["first_prompt_id"] for run in ended}) == len(ended), "one run for each prompt"
    folders = {path.name for path in theatre.runs_folder.iterdir() if not path.name.startswith(".")}
    assert folders == {run["run_id"] for run in ended}, "a folder for each run, and none of a deleted one"
    assert "Traceback" not in theatre.process.log_text()
    assert theatre.client.run(other_job(0.0, seed=seed))["status"]["status_str"] == "success"


def come_to_rest(theatre):
    """All runs, once everything is stopped and the queue is empty. Who waits for ever fails here.

    A prompt that was rendering begins its run only with its first picture, so a list is whole when nothing renders.
    """
    deadline, known = time.monotonic() + 60, None
    while (listed := [row["run_id"] for row in theatre.client.get("/imitatoes/runs")["runs"]]) != known:
        assert time.monotonic() < deadline, "runs begin although the queue is empty"
        theatre.client.post("/queue", {"clear": True})
        for row in theatre.client.get("/imitatoes/runs")["runs"]:
            if not row["waiting"]:
                theatre.client.post(f"/imitatoes/runs/{row['run_id']}/stop", {})
        theatre.client.wait(lambda: not theatre.client.running() and not theatre.client.pending())
        known = listed
    return [theatre.ended(run_id) for run_id in known]
