"""Routes about prompts: submit, queue, interrupt, history."""

from __future__ import annotations

import json
import logging
import time
import uuid
from typing import Any

import execution
from aiohttp import web

import nodes

logger = logging.getLogger(__name__)


def register(server: Any) -> None:
    """Adds them to `server.routes`. The handlers of POST use nothing of the request but `json()`."""
    routes, queue = server.routes, server.prompt_queue

    @routes.get("/prompt")
    async def get_prompt(request: web.Request) -> web.Response:
        return web.json_response(server.get_queue_info())

    @routes.post("/prompt")
    async def post_prompt(request: web.Request) -> web.Response:
        body = server.trigger_on_prompt(await request.json())
        if "number" in body:
            number = float(body["number"])
        else:
            number = -server.number if body.get("front") else server.number
            server.number += 1
        if "prompt" not in body:
            text = "No prompt provided"
            error = {"type": "no_prompt", "message": text, "details": text, "extra_info": {}}
            return web.json_response({"error": error, "node_errors": {}}, status=400)

        prompt_id = str(body.get("prompt_id", uuid.uuid4()))
        ok, error, outputs, node_errors = await execution.validate_prompt(
            prompt_id, body["prompt"], body.get("partial_execution_targets")
        )
        if not ok:
            logger.warning("invalid prompt: %s", error)
            return web.json_response({"error": error, "node_errors": node_errors}, status=400)
        extra_data = body.get("extra_data", {})
        if "client_id" in body:
            extra_data["client_id"] = body["client_id"]
        sensitive = {key: extra_data.pop(key) for key in execution.SENSITIVE_EXTRA_DATA_KEYS if key in extra_data}
        extra_data["create_time"] = int(time.time() * 1000)
        queue.put((number, prompt_id, body["prompt"], extra_data, outputs, sensitive))
        return web.json_response({"prompt_id": prompt_id, "number": number, "node_errors": node_errors})

    @routes.get("/queue")
    async def get_queue(request: web.Request) -> web.Response:
        running, pending = queue.get_current_queue_volatile()
        shown = {"queue_running": running, "queue_pending": pending}
        return web.json_response({name: [item[:5] for item in items] for name, items in shown.items()})

    @routes.post("/queue")
    async def post_queue(request: web.Request) -> web.Response:
        body = await request.json()
        if body.get("clear"):
            queue.wipe_queue()
        for prompt_id in body.get("delete", ()):
            queue.delete_queue_item(lambda item, wanted=prompt_id: item[1] == wanted)
        return web.Response()

    @routes.post("/interrupt")
    async def post_interrupt(request: web.Request) -> web.Response:
        try:
            body: dict[str, Any] = await request.json()
        except json.JSONDecodeError:
            body = {}
        prompt_id = body.get("prompt_id")
        running, _ = queue.get_current_queue_volatile()
        if not prompt_id or any(item[1] == prompt_id for item in running):
            nodes.interrupt_processing()
        return web.Response()

    @routes.post("/free")
    async def post_free(request: web.Request) -> web.Response:
        body = await request.json()
        for flag in ("unload_models", "free_memory"):
            if body.get(flag):
                queue.set_flag(flag, body[flag])
        return web.Response()

    @routes.get("/history")
    async def get_history(request: web.Request) -> web.Response:
        max_items, offset = request.query.get("max_items"), request.query.get("offset")
        found = queue.get_history(
            max_items=None if max_items is None else int(max_items), offset=-1 if offset is None else int(offset)
        )
        return web.json_response(found)

    @routes.get("/history/{prompt_id}")
    async def get_history_of(request: web.Request) -> web.Response:
        return web.json_response(queue.get_history(prompt_id=request.match_info["prompt_id"]))

    @routes.post("/history")
    async def post_history(request: web.Request) -> web.Response:
        body = await request.json()
        if body.get("clear"):
            queue.wipe_history()
        for prompt_id in body.get("delete", ()):
            queue.delete_history_item(prompt_id)
        return web.Response()
