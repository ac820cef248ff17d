"""The probe's own routes, and what it remembers."""

from __future__ import annotations

import functools
import json
import uuid
from typing import Any

import comfy.model_management
import folder_paths
from aiohttp import web
from comfy_api.latest import io

calls: list[dict[str, Any]] = []
state: dict[str, Any] = {"fingerprint": "", "gate_open": False, "rename": None}
at_load: dict[str, Any] = {}


class _Body:
    """All that the handler of POST /prompt needs of a request."""

    headers: dict[str, str] = {}  # noqa: RUF012

    def __init__(self, body: dict[str, Any]) -> None:
        self.body = body

    async def json(self) -> dict[str, Any]:
        return self.body


def _accepts(make: Any, keyword: str) -> bool:
    try:
        make(**{keyword: None})
    except TypeError:
        return False
    return True


def _with_id(make: Any, **given: Any) -> Any:
    return make(**{"id": "x", **given})


def register(server: Any) -> None:
    at_load.update(
        listening=hasattr(server, "port"),
        loop_running=server.loop.is_running(),
        app=server.app is not None,
        queue=server.prompt_queue.get_tasks_remaining(),
    )
    routes = server.routes

    def rename(body: dict[str, Any]) -> dict[str, Any]:
        if state["rename"]:
            body["prompt_id"] = state["rename"]
        return body

    server.add_on_prompt_handler(rename)

    @routes.get("/probe/calls")
    async def get_calls(request: web.Request) -> web.Response:
        return web.json_response(calls)

    @routes.post("/probe/state")
    async def post_state(request: web.Request) -> web.Response:
        state.update(await request.json())
        calls.clear()
        return web.Response()

    @routes.get("/probe/host")
    async def get_host(request: web.Request) -> web.Response:
        return web.json_response(
            {
                "at_load": at_load,
                "folders": {
                    "base": folder_paths.base_path,
                    "output": folder_paths.get_output_directory(),
                    "temp": folder_paths.get_temp_directory(),
                    "input": folder_paths.get_input_directory(),
                    "user": folder_paths.get_user_directory(),
                },
                "loras": folder_paths.get_filename_list("loras"),
                "lora": folder_paths.get_full_path("loras", "below/probe.safetensors"),
                "no_lora": folder_paths.get_full_path("loras", "absent.safetensors"),
                "device": comfy.model_management.get_torch_device().type,
                "free": comfy.model_management.get_free_memory() > 0,
                "interrupted": comfy.model_management.processing_interrupted(),
            }
        )

    @routes.post("/probe/keywords")
    async def post_keywords(request: web.Request) -> web.Response:
        """`{part: [keywords]}` -> `{part: [those it takes]}`."""
        wanted = await request.json()
        makers = {
            "Schema": lambda **given: io.Schema(**{"node_id": "x", **given}),
            "NodeOutput": io.NodeOutput,
            "Output": io.String.Output,
        }
        for name in ("String", "Int", "Float", "Boolean", "Combo", "Image", "AnyType"):
            makers[name] = functools.partial(_with_id, getattr(io, name).Input)
        accepted = {name: [one for one in words if _accepts(makers[name], one)] for name, words in wanted.items()}
        return web.json_response(accepted)

    @routes.post("/probe/submit")
    async def post_submit(request: web.Request) -> web.Response:
        """Calls the server's own POST handler for `path` with `body`, inside the process."""
        asked = await request.json()
        handler = next(
            route.handler
            for route in server.routes
            if getattr(route, "path", None) == asked["path"] and getattr(route, "method", None) == "POST"
        )
        answer = await handler(_Body(asked["body"]))
        return web.json_response({"status": answer.status, "body": json.loads(answer.body or b"null")})

    @routes.post("/probe/history")
    async def post_history(request: web.Request) -> web.Response:
        """How the queue and history look from inside to somebody who waits for `prompt_id`."""
        prompt_id = (await request.json())["prompt_id"]
        queue = server.prompt_queue
        running, pending = queue.get_current_queue()
        found = queue.get_history(prompt_id=prompt_id, map_function=lambda entry: entry["status"])
        return web.json_response(
            {
                "running": [item[1] for item in running],
                "pending": [item[1] for item in pending],
                "status": found.get(prompt_id),
                "unknown": queue.get_history(prompt_id=str(uuid.uuid4())),
                "deleted": queue.delete_queue_item(lambda item: item[1] == prompt_id),
            }
        )

    @routes.post("/probe/tell")
    async def post_tell(request: web.Request) -> web.Response:
        asked = await request.json()
        server.send_sync("probe.told", asked["data"], asked.get("sid"))
        return web.Response()
