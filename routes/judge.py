"""The judge's self-test: start it, ask how far it is."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from ..engine.judge.self_test import SelfTestState
from .route import Body, RoutesApp

LONGEST_NAME = 200
LOCAL = "local"


class SelfTestBody(Body):
    """connection: a name from the server's settings, never an address."""

    model_config = ConfigDict(str_strip_whitespace=True)

    connection: str = Field(default=LOCAL, min_length=1, max_length=LONGEST_NAME)
    model: str = Field(min_length=1, max_length=LONGEST_NAME)


class SelfTestQuery(BaseModel):
    model_config = ConfigDict(str_strip_whitespace=True)

    model: str = Field(min_length=1, max_length=LONGEST_NAME, description="Name of the judge model.")
    connection: str = Field(default=LOCAL, max_length=LONGEST_NAME, description="Named in the server's settings.")


async def start_self_test(app: RoutesApp, body: SelfTestBody) -> SelfTestState:
    """Answers at once; the test goes on for minutes."""
    return app.start_self_test(body.connection, body.model)


async def show_self_test(app: RoutesApp, query: SelfTestQuery) -> SelfTestState:
    return await app.self_test_state(query.connection, query.model)
