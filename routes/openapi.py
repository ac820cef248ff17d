"""The OpenAPI 3.1 document of these routes, from their table and the models of their bodies and answers."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from aiohttp import web
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from .answers import answering
from .documented import ErrorAnswer
from .operations import JSON, OPERATIONS, Operation

API_VERSION = "1.0.0"
"""Of the routes, not of the pack: the first number grows when something that was there is gone or means another."""
REF = "#/components/schemas/{model}"

IN_PATH = {
    "id": "A run id, or the id of a prompt of this server session that belongs to the run.",
    "name": "File name of a picture of the run, as the run tells it; best.png and contact_sheet.jpg at its end.",
}
ERRORS = {
    400: "The request is wrong.",
    404: "There is nothing of the kind.",
    408: "The prompt has not begun its run yet.",
    409: "The state of the run, or of the server, does not allow it now.",
    413: "The body is larger than this server takes.",
    415: "The body is not sent as application/json.",
    500: "A mistake of the pack itself.",
    507: "The disk does not take it.",
}


def register(routes: web.RouteTableDef) -> None:
    """Add the handler."""
    routes.get("/imitatoes/openapi.json")(answering(_serve))


async def _serve(request: web.Request) -> web.Response:
    """The document, as a tool reads it."""
    return web.json_response(document())


@cache
def document() -> dict[str, Any]:
    """The whole document. The same at every call: do not change it."""
    bodies = [(one.body, "validation") for one in OPERATIONS if one.body]
    told = [(model, "serialization") for one in OPERATIONS for model in _models(one)]
    wanted = dict.fromkeys([*bodies, *told, (ErrorAnswer, "serialization")])
    refs, schemas = models_json_schema([*wanted], ref_template=REF)
    paths: dict[str, Any] = {}
    for one in OPERATIONS:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, refs)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Imitatoes",
            "version": API_VERSION,
            "summary": "Runs that improve a ComfyUI workflow's picture until a goal is met.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/", "description": "This ComfyUI. Each path is served below /api too."}],
        "paths": paths,
        "components": {"schemas": schemas["$defs"]},
    }


def _models(one: Operation) -> tuple[type[BaseModel], ...]:
    return (one.answer, *one.several) if isinstance(one.answer, type) else ()


def _operation(one: Operation, refs: dict[Any, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {"operationId": _name(one), "summary": one.summary}
    parameters = [
        {"name": name, "in": "path", "required": True, "description": IN_PATH[name], "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", one.path)
    ]
    for query in one.query:
        where = {"name": query.name, "in": "query", "required": query.required}
        parameters.append({**where, "description": query.description, "schema": query.schema})
    if parameters:
        described["parameters"] = parameters
    if one.body:
        described["requestBody"] = {"required": True, "content": _json(refs[one.body, "validation"])}
    described["responses"] = {str(one.status): {"description": one.summary, "content": _content(one, refs)}}
    for status in sorted({*one.errors, 500}):
        content = _json(refs[ErrorAnswer, "serialization"])
        described["responses"][str(status)] = {"description": ERRORS[status], "content": content}
    return described


def _content(one: Operation, refs: dict[Any, Any]) -> dict[str, Any]:
    if isinstance(one.answer, tuple):
        return {kind: {} for kind in one.answer}
    schemas = [refs[model, "serialization"] for model in _models(one)]
    return _json({"oneOf": schemas} if len(schemas) > 1 else schemas[0] if schemas else {"type": "object"})


def _json(schema: Any) -> dict[str, Any]:
    return {JSON: {"schema": schema}}


def _name(one: Operation) -> str:
    """As "post_runs_id_stop"."""
    words = re.findall(r"\w+", one.path.removeprefix("/imitatoes").replace("-", "_"))
    return "_".join([one.method.lower(), *words])
