"""Holding real answers to the OpenAPI document: statuses, media types, and JSON with nothing but what is described."""

from __future__ import annotations

import copy
import json
from functools import cache
from typing import Any

from aiohttp import web
from jsonschema import Draft202012Validator
from pack.routes.table import document


def hold_to_document(method: str, path: str, status: int, media_type: str, body: bytes) -> None:
    """AssertionError for what the document does not describe. path: with its names, as /imitatoes/runs/{id}."""
    answers = document()["paths"][path][method.lower()]["responses"]
    assert str(status) in answers, f"{method} {path}: {status} is not documented; {body[:200]!r}"
    content = answers[str(status)]["content"]
    assert media_type in content, f"{method} {path}: {media_type} is not documented"
    if media_type == "application/json":
        problems = [problem.message for problem in closed(content[media_type]["schema"]).iter_errors(json.loads(body))]
        assert not problems, f"{method} {path}: {problems}"


def closed(schema: dict[str, Any]) -> Draft202012Validator:
    """A validator that takes no key which the document does not describe, as an undocumented one would pass else."""
    return Draft202012Validator({**schema, **_components()})


@cache
def _components() -> dict[str, Any]:
    components = copy.deepcopy(document()["components"])
    for one in components["schemas"].values():
        if "properties" in one:
            one.setdefault("additionalProperties", False)
    return {"components": components}


@web.middleware
async def _held(request: web.Request, handler: Any) -> web.StreamResponse:
    answer = await handler(request)
    body = answer.body if isinstance(answer, web.Response) and answer.content_type == "application/json" else b""
    path = request.match_info.route.resource.canonical
    if request.method != "HEAD":
        hold_to_document(request.method, path, answer.status, _media_type(answer), body)
    return answer


def _media_type(answer: web.StreamResponse) -> str:
    if isinstance(answer, web.FileResponse):  # which learns its type only when it is sent
        return {".png": "image/png", ".jpg": "image/jpeg"}[answer._path.suffix]
    return answer.content_type


def documented_site(routes: web.RouteTableDef, **options: Any) -> web.Application:
    """An application with these routes, whose every answer is held to the document."""
    site = web.Application(middlewares=[_held], **options)
    site.add_routes(routes)
    return site
