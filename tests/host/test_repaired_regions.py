"""What a repair was allowed to change, on its way from Region Stitch to the critic."""

from __future__ import annotations

import torch
from pack.engine.mask.region import CutSize, cut_region
from pack.host.repaired_regions import KEPT, RepairedRegions


def region(left, feather=3.0):
    mask = torch.zeros(1, 100, 200)
    mask[0, 20:60, left : left + 40] = 1
    return cut_region(torch.rand(1, 100, 200, 3), mask, grow=0, feather=feather, size=CutSize(0, 1)).region


def test_the_critic_of_the_same_prompt_gets_the_outline_of_the_mask_once():
    regions = RepairedRegions()
    regions.note("p1", region(20))
    regions.note("p2", region(100, feather=0.0))
    found = regions.take("p1")
    assert found.feather == 3.0
    assert sorted(found.outlines[0]) == [(0.1, 0.2), (0.1, 0.6), (0.3, 0.2), (0.3, 0.6)]
    assert regions.take("p1") is None and regions.take("p2").outlines[0][0][0] in (0.5, 0.7)


def test_of_several_regions_the_last_one_counts_and_old_prompts_are_forgotten():
    regions = RepairedRegions()
    for left in (20, 40):
        regions.note("p1", region(left))
    assert min(x for x, _ in regions.take("p1").outlines[0]) == 0.2
    for number in range(KEPT + 3):
        regions.note(f"p{number}", region(20))
    assert regions.take("p0") is None and regions.take(f"p{KEPT + 2}") is not None
