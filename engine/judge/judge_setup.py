"""What there is to judge with, as a user meets it first: the server, its models that see, one to get. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, computed_field


@dataclass(frozen=True)
class KnownSize:
    """A model that is known to judge, and the bytes of its download."""

    model: str
    download: int


GIB = 2**30
LOADED_OF_FILE = 1.2
"""A loaded model takes about this much of its file (docs/design-notes.md, 16.6)."""
KEPT_FREE = 3 * GIB // 2
"""Bytes for the context of 8192 tokens and for what the screen itself holds. Ours."""
CPU_SHARE = 0.25
"""Without a graphics card, the part of RAM that a judge may take: ComfyUI's models stay in the same memory. Ours."""


class InstalledJudge(BaseModel):
    """A model of the server that sees pictures. size: bytes of its file. cloud: it runs elsewhere."""

    model: str
    size: int
    cloud: bool


class RecommendedJudge(BaseModel):
    """download: about so many bytes. fits: whether it fits into the memory there is, alone."""

    model: str
    download: int
    fits: bool


class PullState(BaseModel):
    """A download of a model by the server. done, of: bytes so far and in all; of is 0 until the server tells.

    none: none was asked for.   failed: message says why.   stopped: by the user; the server keeps what came so far.
    """

    model_config = ConfigDict(frozen=True)

    state: Literal["none", "running", "done", "failed", "stopped"] = "none"
    connection: str = ""
    model: str = ""
    done: int = 0
    of: int = 0
    message: str = ""


class JudgeSetup(BaseModel):
    """connection: the named one this is about; connections: all names. address: as tried, "" where it cannot be read.

    problem: why the server does not answer, in words; "" where it does. models: those that see, the best known first.
    memory: bytes of the card, or of RAM where there is none; None where the server is another computer, whose memory is
    not known. recommended: one to get; None where a model that is as well known is installed. choices: all that can be
    got from here.
    """

    connection: str
    connections: list[str]
    address: str
    problem: str
    models: list[InstalledJudge]
    where: Literal["RAM", "VRAM"]
    memory: int | None
    recommended: RecommendedJudge | None
    choices: list[RecommendedJudge]
    pull: PullState

    @computed_field  # type: ignore[prop-decorator]
    @property
    def state(self) -> Literal["ready", "no_model", "no_server"]:
        """ready: there is a server and a local model that sees."""
        if self.problem:
            return "no_server"
        return "ready" if any(not one.cloud for one in self.models) else "no_model"


def choices_for(known: Sequence[KnownSize], memory: int | None, on_cpu: bool) -> list[RecommendedJudge]:
    """Every known model, and whether it fits into that memory. memory: bytes; None: not known, and all fit."""
    if memory is None:
        room = float("inf")
    else:
        room = memory * CPU_SHARE if on_cpu else memory - KEPT_FREE
    fits = [one.download * LOADED_OF_FILE <= room for one in known]
    return [RecommendedJudge(model=k.model, download=k.download, fits=f) for k, f in zip(known, fits, strict=True)]


def recommended_judge(choices: Sequence[RecommendedJudge], usual: str) -> RecommendedJudge:
    """The largest that fits, where that is the usual one or smaller, else the smallest there is.

    usual: what is asked for where the memory allows it: a larger one judges a little better and is far slower.
    """
    ordered = sorted(choices, key=lambda one: one.download)
    most = next(one.download for one in ordered if one.model == usual)
    fitting = [one for one in ordered if one.fits and one.download <= most]
    return fitting[-1] if fitting else ordered[0]
