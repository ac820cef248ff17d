"""A node pack for measuring: a node that renders photo-like pictures, and stopwatches around parts of our pack.

Copied into a server's custom_nodes by the benchmarks, beside the pack itself; never shipped.
"""

from __future__ import annotations

from typing import Any


async def comfy_entrypoint() -> Any:
    from .extension import ProbeExtension

    return ProbeExtension()
