"""The OpenAPI document against the handlers. That real answers are as it says is held by every test of this folder."""

from __future__ import annotations

import json
import re

import pytest
from aiohttp import web
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from pack.routes import register
from pack.routes.table import ROUTES, document

from .documented import hold_to_document
from .test_runs import served


def operations():
    return [
        (method.upper(), path, one) for path, methods in document()["paths"].items() for method, one in methods.items()
    ]


def test_every_route_is_in_it_and_the_other_way_round():
    routes = web.RouteTableDef()
    register(routes, lambda: None)
    registered = [(route.method, route.path) for route in routes]
    assert len(registered) == len(set(registered))
    assert set(registered) == {(method, path) for method, path, _ in operations()}


def test_each_answers_either_models_or_pictures_whose_types_it_names():
    for route in ROUTES:
        assert bool(route.answers) != bool(route.media), route.path


@served
async def test_it_is_served(site):
    served_one = await site.get("openapi.json")
    assert served_one == json.loads(json.dumps(document()))
    assert served_one["openapi"].startswith("3.1.")


def test_its_references_lead_somewhere_and_its_schemas_are_schemas():
    text = json.dumps(document())
    schemas = document()["components"]["schemas"]
    used = set(re.findall(r'"#/components/schemas/([^"]+)"', text))
    assert used <= set(schemas)
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)
    assert "$defs" not in text


def test_operations_are_named_once_and_their_parameters_declared():
    names = [one["operationId"] for _, _, one in operations()]
    assert len(set(names)) == len(names)
    for method, path, one in operations():
        declared = [p["name"] for p in one.get("parameters", []) if p["in"] == "path"]
        assert declared == re.findall(r"{(\w+)}", path)
        assert ("requestBody" in one) == (method == "POST"), path
        assert {"500"} < set(one["responses"]), path


def test_bodies_take_nothing_that_is_not_named():
    schemas = document()["components"]["schemas"]
    for _, path, one in operations():
        if "requestBody" in one:
            name = one["requestBody"]["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[-1]
            assert schemas[name]["additionalProperties"] is False, path


def test_the_documented_bodies_are_what_the_handlers_take():
    schema = {"$ref": "#/components/schemas/RunBody", "components": document()["components"]}
    validator = Draft202012Validator(schema)
    validator.validate({"workflow": {}, "goal": "x", "settings": {"seed": 2**64 - 1}, "checklist": ["a"]})
    for wrong in ({}, {"workflow": []}, {"workflow": {}, "settings": {"steps": 0}}, {"workflow": {}, "wrap": "x"}):
        with pytest.raises(ValidationError):
            validator.validate(wrong)


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, {"run_id": "x"}), (200, {"run_id": "x", "iterations": [], "more": 1}), (418, {"error": {}}), (404, {})],
)
def test_the_measure_itself_finds_what_is_not_described(status, body):
    with pytest.raises(AssertionError):
        hold_to_document(
            "GET", "/imitatoes/runs/{id}/iterations", status, "application/json", json.dumps(body).encode()
        )
