"""The OpenAPI 3.1 document of these routes, from their table and the models of their bodies and answers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from .errors import ErrorAnswer
from .route import Route

API_VERSION = "1.0.0"
"""Of the routes, not of the pack: the first number grows when something that was there is gone or means another."""
REF = "#/components/schemas/{model}"

IN_PATH = {
    "id": "A run id, or the id of a prompt of this server session that belongs to the run; of series, its own id.",
    "name": "File name of a picture or clip of the run, as the run tells it; at its end best.png, best.mp4 "
    "and contact_sheet.jpg.",
}
ERRORS = {
    400: "The request is wrong.",
    403: "Closed to pages of other sites.",
    404: "There is nothing of the kind.",
    408: "The prompt has not begun its run yet.",
    409: "The state of the run, or of the server, does not allow it now.",
    413: "The body is larger than this server takes.",
    415: "The body is not sent as application/json.",
    500: "A mistake of the pack itself.",
    507: "The disk is full.",
}
JSON = "application/json"


def describe_routes(routes: Sequence[Route]) -> dict[str, Any]:
    """The whole document."""
    bodies = [(route.body, "validation") for route in routes if route.body]
    told = [(model, "serialization") for route in routes for model in route.answers]
    wanted = dict.fromkeys([*bodies, *told, (ErrorAnswer, "serialization")])
    refs, schemas = models_json_schema([*wanted], ref_template=REF)
    paths: dict[str, Any] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, refs)
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


def _operation(route: Route, refs: dict[Any, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {"operationId": _name(route), "summary": route.summary}
    parameters = [
        {"name": name, "in": "path", "required": True, "description": IN_PATH[name], "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", route.path)
    ]
    if route.query:
        parameters += _query_parameters(route.query)
    if parameters:
        described["parameters"] = parameters
    if route.body:
        described["requestBody"] = {"required": True, "content": _json(refs[route.body, "validation"])}
    described["responses"] = {str(route.status): {"description": route.summary, "content": _content(route, refs)}}
    for status in sorted({*route.errors, 500}):
        content = _json(refs[ErrorAnswer, "serialization"])
        described["responses"][str(status)] = {"description": ERRORS[status], "content": content}
    return described


def _query_parameters(query: type[BaseModel]) -> list[dict[str, Any]]:
    schema = query.model_json_schema()
    required = schema.get("required", [])
    return [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            "description": field["description"],
            "schema": {
                key: value
                for key, value in field.items()
                if key not in ("title", "description") and (key, value) != ("default", None)
            },
        }
        for name, field in schema["properties"].items()
    ]


def _content(route: Route, refs: dict[Any, Any]) -> dict[str, Any]:
    if not route.answers:
        return {kind: {} for kind in route.media}
    schemas = [refs[model, "serialization"] for model in route.answers]
    return _json({"oneOf": schemas} if len(schemas) > 1 else schemas[0])


def _json(schema: Any) -> dict[str, Any]:
    return {JSON: {"schema": schema}}


def _name(route: Route) -> str:
    """As "post_runs_id_stop"."""
    words = re.findall(r"\w+", route.path.removeprefix("/imitatoes").replace("-", "_"))
    return "_".join([route.method.lower(), *words])
