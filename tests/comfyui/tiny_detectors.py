"""A face landmarker with random weights that core 0.33.0's own loader takes: what it needs to run, and finds nobody."""

from __future__ import annotations

from pathlib import Path

import torch

from .tiny_models import save

RINGS = ("face_oval", "lips", "left_eye", "right_eye", "irises", "left_eyebrow", "right_eyebrow", "nose", "tesselation")
VERTICES, ANCHORS, RING = 468, 33, 12


def save_face_landmarker(path: Path) -> None:
    """Topology and canonical face alone; the networks keep the weights that they begin with."""
    tensors = {
        "canonical_vertices": torch.rand(VERTICES, 3, generator=torch.Generator().manual_seed(3)),
        "procrustes_indices": torch.arange(ANCHORS),
        "procrustes_weights": torch.ones(ANCHORS),
    }
    for number, name in enumerate(RINGS):
        ring = torch.arange(RING, dtype=torch.int32) + number * RING
        tensors[f"topology.{name}"] = torch.stack([ring, ring.roll(-1)], 1).contiguous()
    save(path, tensors)
