"""What the repairs of this server were allowed to change: from Region Stitch to the critic of the same prompt."""

from __future__ import annotations

from collections import OrderedDict

from ..engine.loop.run import RepairedRegion
from ..engine.mask.outline import outlines
from ..engine.mask.region import Region

KEPT = 8
"""Prompts whose critic may still come. Most have none: the nodes serve any workflow."""


class RepairedRegions:
    """By prompt id. Used by nodes alone, which run one after another."""

    def __init__(self) -> None:
        self._found: OrderedDict[str, RepairedRegion] = OrderedDict()

    def note(self, prompt_id: str, region: Region) -> None:
        """A region was put back in this prompt; of several the last one counts. Its pictures are not kept."""
        self._found[prompt_id] = RepairedRegion(outlines=outlines(region.mask), feather=region.feather)
        self._found.move_to_end(prompt_id)
        while len(self._found) > KEPT:
            self._found.popitem(last=False)

    def take(self, prompt_id: str) -> RepairedRegion | None:
        """What was put back last in this prompt; None where nothing was. It is forgotten."""
        return self._found.pop(prompt_id, None)


regions = RepairedRegions()
