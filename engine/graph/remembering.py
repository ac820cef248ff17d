"""What was read of a graph once is not read again: graphs may have thousands of nodes that all feed each other."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from .graph_view import GraphView, Node

Function = TypeVar("Function", bound=Callable[..., Any])


def remembered(function: Function) -> Function:
    """The function, asked once for each node or view and the same further arguments.

    Its first argument is a Node or a GraphView, which never change and take what is remembered with them; nodes among
    the others are told apart by their ids. What it returns is shared: no caller changes it.
    """

    @wraps(function)
    def asked(subject: Node | GraphView, *arguments: Any) -> Any:
        known = subject.__dict__.setdefault("_remembered", {})
        key = (function, *(one.id if isinstance(one, Node) else one for one in arguments))
        if key not in known:
            known[key] = function(subject, *arguments)
        return known[key]

    return asked  # type: ignore[return-value]
