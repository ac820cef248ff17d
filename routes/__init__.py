"""HTTP routes under /imitatoes: parse to a model, one call, JSON."""

from __future__ import annotations

from .runs import register

__all__ = ["register"]
