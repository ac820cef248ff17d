"""The error of a node whose inputs cannot be worked with."""

from __future__ import annotations


class WrongInput(ValueError):
    """The message names the node, the input, what was wrong and what to do."""
