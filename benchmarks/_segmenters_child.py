"""One engine in a process of its own, so that its peak of memory is its own. Prints one JSON object.

`ours NAME ROOT PICTURES` looks with the pack's engine; `peer KJNODES ROOT PICTURES` with that pack's BatchCLIPSeg,
which needs ComfyUI's modules: COMFYUI_PATH. Both get the same weights and pictures, and both have read the weights
before.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
import threading
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import torch

from rehearsal.of_pack import of_pack

HEIGHT, WIDTH = 768, 1024
REPEATED = 2
ANSWER_TOKENS = 20
"""Of Florence-2. Random weights never end an answer; real ones need some twenty for a simple outline."""


def pictures(count: int) -> torch.Tensor:
    """Smooth random ones, [count, 768, 1024, 3]."""
    coarse = torch.rand(count, 3, 24, 32, generator=torch.Generator().manual_seed(1))
    return torch.nn.functional.interpolate(coarse, size=(HEIGHT, WIDTH), mode="bicubic").clamp(0, 1).movedim(1, -1)


def measured(work: Callable[[], Any], count: int) -> dict[str, float]:
    """Processor seconds for each picture, the best of two, and MiB of memory above what was there before.

    Of the processor, because others may use the machine, too.
    """
    process, peak, done = psutil.Process(), 0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.005):
            peak = max(peak, process.memory_info().rss)

    gc.collect()
    before = process.memory_info().rss
    watcher = threading.Thread(target=watch)
    watcher.start()
    seconds = []
    for _ in range(REPEATED):
        begun = time.process_time()
        work()
        seconds.append(time.process_time() - begun)
    done.set()
    watcher.join()
    return {"seconds": min(seconds) / count, "peak_mib": max(0, peak - before) / 2**20}


def touch(model: torch.nn.Module) -> None:
    """Brings the weights into memory: a file that is only mapped would count as memory for the work."""
    for weight in model.parameters():
        weight.sum()


def ours(name: str, root: Path, count: int) -> dict[str, float]:
    """From pictures to finished masks, without second looks."""
    engine = of_pack("benchmarks._segmenters_ours")
    return measured(engine.work(name, root, pictures(count)), count)


def peer(checkout: Path, root: Path, count: int) -> dict[str, float]:
    """BatchCLIPSeg of KJNodes, as its node is called, with the model handed to it."""
    sys.argv = [sys.argv[0], "--cpu"]
    comfyui = Path(os.environ["COMFYUI_PATH"])
    sys.path.insert(0, str(comfyui))
    os.chdir(comfyui)
    for name, path in (("kjnodes", checkout), ("kjnodes.nodes", checkout / "nodes")):
        package = types.ModuleType(name)
        package.__path__ = [str(path)]
        sys.modules[name] = package
    importlib.import_module("comfy.options").enable_args_parsing()
    node = importlib.import_module("kjnodes.nodes.mask_nodes").BatchCLIPSeg()
    import transformers

    folder = str(root / "clipseg")
    look = transformers.ViTImageProcessor(
        size={"height": 352, "width": 352}, image_mean=[0.485, 0.456, 0.406], image_std=[0.229, 0.224, 0.225]
    )
    words = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.CLIPSegForImageSegmentation.from_pretrained(folder)
    touch(model)
    given = {"model": model, "processor": transformers.CLIPSegProcessor(look, words)}
    batch = pictures(count)

    def work() -> None:
        with torch.inference_mode():
            node.segment_image(batch, "cat", 0.4, True, False, False, opt_model=given)

    return measured(work, count)


if __name__ == "__main__":
    kind, what, folder, number = sys.argv[1:]
    found = ours(what, Path(folder), int(number)) if kind == "ours" else peer(Path(what), Path(folder), int(number))
    print(json.dumps(found))
