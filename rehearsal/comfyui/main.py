"""Starts the stand-in: `python main.py --port P --base-directory D`, where D has a custom_nodes folder."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import sys
import threading
from pathlib import Path

# The world (painter and judge) lies beside this folder. Last, so that none of its names can hide one of ours.
sys.path.append(str(Path(__file__).resolve().parent.parent))

import execution
import folder_paths
import server
from comfy.cli_args import args
from comfy_execution.progress import follow_progress_bars

import nodes


def _clear_temp() -> None:
    shutil.rmtree(folder_paths.get_temp_directory(), ignore_errors=True)


async def _serve(prompt_server: server.PromptServer) -> None:
    await asyncio.gather(prompt_server.start(args.listen, args.port), prompt_server.publish_loop())


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    _clear_temp()
    os.makedirs(folder_paths.get_temp_directory())
    os.makedirs(folder_paths.get_input_directory(), exist_ok=True)

    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    prompt_server = server.PromptServer(loop)
    # As in ComfyUI: packs are loaded on the server's loop, before it listens and before the worker starts.
    loop.run_until_complete(nodes.init_extra_nodes())
    prompt_server.add_routes()
    follow_progress_bars(prompt_server)
    queue = prompt_server.prompt_queue
    threading.Thread(target=execution.prompt_worker, daemon=True, args=(queue, prompt_server)).start()
    try:
        loop.run_until_complete(_serve(prompt_server))
    except KeyboardInterrupt:
        logging.info("Stopped server")
    _clear_temp()


if __name__ == "__main__":
    main()
