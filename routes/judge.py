"""What there is to judge with: see it, get a model, test one."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from ..engine.judge.judge_setup import JudgeSetup, PullState
from ..engine.judge.self_test import SelfTestState
from .route import Body, RoutesApp

LONGEST_NAME = 200
LOCAL = "local"


class SetupQuery(BaseModel):
    model_config = ConfigDict(str_strip_whitespace=True)

    connection: str = Field(default=LOCAL, max_length=LONGEST_NAME, description="Named in the server's settings.")


class PullBody(Body):
    """connection: a name from the server's settings, never an address. model: one of the choices of the setup."""

    model_config = ConfigDict(str_strip_whitespace=True)

    connection: str = Field(default=LOCAL, min_length=1, max_length=LONGEST_NAME)
    model: str = Field(min_length=1, max_length=LONGEST_NAME)


class StopPullBody(Body):
    """Nothing: an empty object, so that the request is JSON."""


class SelfTestBody(Body):
    """connection: a name from the server's settings, never an address. model: several names make a jury, as in VLM
    Critique."""

    model_config = ConfigDict(str_strip_whitespace=True)

    connection: str = Field(default=LOCAL, min_length=1, max_length=LONGEST_NAME)
    model: str = Field(min_length=1, max_length=LONGEST_NAME)


class SelfTestQuery(BaseModel):
    model_config = ConfigDict(str_strip_whitespace=True)

    model: str = Field(min_length=1, max_length=LONGEST_NAME, description="Name of the judge model.")
    connection: str = Field(default=LOCAL, max_length=LONGEST_NAME, description="Named in the server's settings.")


async def show_setup(app: RoutesApp, query: SetupQuery) -> JudgeSetup:
    return await app.judge_setup(query.connection)


async def start_pull(app: RoutesApp, body: PullBody) -> PullState:
    """Answers at once; the download goes on, without this page too."""
    return app.pull_judge(body.connection, body.model)


async def show_pull(app: RoutesApp) -> PullState:
    return app.pull_state()


async def stop_pull(app: RoutesApp, body: StopPullBody) -> PullState:
    return await app.stop_pull()


async def start_self_test(app: RoutesApp, body: SelfTestBody) -> SelfTestState:
    """Answers at once; the test goes on for minutes."""
    return app.start_self_test(body.connection, body.model)


async def show_self_test(app: RoutesApp, query: SelfTestQuery) -> SelfTestState:
    return await app.self_test_state(query.connection, query.model)
