"""object_info for checks: all of it once, the classes of the graph at hand anew."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace

from pack.host.graph_check import GraphCheck, KnownClasses
from pack.host.queue import ServerQueue

GRAPH = {"1": {"class_type": "Loader", "inputs": {}}, "2": {"class_type": "Unknown"}, "3": "no node", "4": {}}


class Server:
    """A ComfyUI whose one loader lists files."""

    def __init__(self):
        self.files, self.whole, self.single, self.broken = ["a"], 0, [], False
        self.routes = [self.route("/object_info", self.all), self.route("/object_info/{node_class}", self.one)]

    @staticmethod
    def route(path, handler):
        return SimpleNamespace(method="GET", path=path, handler=handler)

    def described(self):
        return {"Loader": {"input": {"required": {"file": [list(self.files)]}}}, "Other": {}}

    async def all(self, request):
        self.whole += 1
        return SimpleNamespace(status=200, body=json.dumps(self.described()))

    async def one(self, request):
        name = request.match_info["node_class"]
        self.single.append(name)
        if self.broken:
            raise RuntimeError("INPUT_TYPES of another pack")
        return SimpleNamespace(status=200, body=json.dumps({name: self.described()[name]}))


def test_a_new_file_is_known_at_once_and_all_classes_are_asked_for_once():
    server = Server()
    known = KnownClasses(ServerQueue(server))
    first = asyncio.run(known.of(GRAPH))
    assert first == server.described()
    server.files.append("b")
    second = asyncio.run(known.of(GRAPH))
    assert second["Loader"]["input"]["required"]["file"] == [["a", "b"]]
    assert (server.whole, server.single) == (1, ["Loader", "Loader"])


def test_a_model_for_editing_that_was_added_after_the_start_is_known_to_whoever_asks_about_repairs():
    """Its loader is no node of the user's graph."""
    server = Server()
    described = server.described
    server.described = lambda: {**described(), "UNETLoader": described()["Loader"]}
    known = KnownClasses(ServerQueue(server))
    asyncio.run(known.for_repairs(GRAPH))
    server.files.append("flux-2-klein-4b.safetensors")
    found = asyncio.run(known.for_repairs(GRAPH))
    assert found["UNETLoader"]["input"]["required"]["file"] == [server.files]
    assert server.single == ["Loader", "UNETLoader"] * 2
    asyncio.run(known.of(GRAPH))
    assert server.single[4:] == ["Loader"], "nobody else waits for it"


def test_a_class_that_fails_to_describe_itself_stays_as_it_was():
    server = Server()
    known = KnownClasses(ServerQueue(server))
    asyncio.run(known.of(GRAPH))
    server.broken = True
    assert asyncio.run(known.of(GRAPH)) == server.described()


def test_any_json_is_taken():
    known = KnownClasses(ServerQueue(Server()))
    for graph in (None, [], "text", {"1": None}, {"1": {"class_type": ["Loader"]}}):
        assert set(asyncio.run(known.of(graph))) == {"Loader", "Other"}


def test_whether_pictures_are_a_clip_is_told_at_each_render_without_asking_anew():
    server = Server()
    checks = GraphCheck(KnownClasses(ServerQueue(server)), None)
    for _ in range(2):
        assert not asyncio.run(checks.clip_source(GRAPH, "1")).is_clip
    assert (server.whole, server.single) == (1, [])
