"""A server with one checkpoint and a folder of LoRAs, and the graph that goes through StyleLoRAPicker."""

from __future__ import annotations

from .theatre import pixels

NODE = "ImitatoesStyleLoRAPicker"
PROMPT = "a fox on a hill"


class Studio:
    def __init__(self, theatre, checkpoint):
        self.client, self.base, self.checkpoint = theatre.client, theatre.base, checkpoint
        self.loras = theatre.base / "models" / "loras"
        self.log_text = theatre.process.log_text

    def graph(self, prompt=PROMPT, clip=True, **inputs):
        """Loader (1), picker (10), text encoders (2, 3), two steps of sampling (5), picture (7)."""
        picker = {"model": ["1", 0], "prompt": prompt, **({"clip": ["1", 1]} if clip else {}), **inputs}
        nodes = {
            "1": ("CheckpointLoaderSimple", {"ckpt_name": self.checkpoint}),
            "10": (NODE, picker),
            "2": ("CLIPTextEncode", {"clip": ["10", 1] if clip else ["1", 1], "text": ["10", 2]}),
            "3": ("CLIPTextEncode", {"clip": ["1", 1], "text": ""}),
            "4": ("EmptySD3LatentImage", {"width": 64, "height": 64, "batch_size": 1}),
            "5": ("KSampler", sampler(["10", 0])),
            "6": ("VAEDecode", {"samples": ["5", 0], "vae": ["1", 2]}),
            "7": ("SaveImage", {"images": ["6", 0], "filename_prefix": "style"}),
            "8": ("PreviewAny", {"source": ["10", 5]}),
        }
        return {node: {"class_type": kind, "inputs": values} for node, (kind, values) in nodes.items()}

    def run(self, graph):
        """(picture, report) of a prompt that must succeed."""
        entry = self.client.run(graph)
        assert entry["status"]["status_str"] == "success", entry["status"]["messages"][-1]
        outputs = entry["outputs"]
        (report,) = outputs["8"]["text"]
        assert outputs["10"]["text"] == [report], "the node shows what its output says"
        shown = outputs["7"]["images"][0]
        return pixels(self.base / "output" / shown["subfolder"] / shown["filename"]), report

    def refused(self, graph):
        """The message of a prompt that must fail at the picker."""
        name, data = self.client.run(graph)["status"]["messages"][-1]
        assert (name, data.get("node_id")) == ("execution_error", "10"), data
        return data["exception_message"]

    def pick(self, **inputs):
        return self.run(self.graph(**inputs))


def sampler(model):
    values = {"model": model, "positive": ["2", 0], "negative": ["3", 0], "latent_image": ["4", 0]}
    values |= {"seed": 5, "steps": 2, "cfg": 3.0, "sampler_name": "euler", "scheduler": "simple", "denoise": 1.0}
    return values


def clear(studio):
    for path in sorted(studio.loras.rglob("*"), reverse=True) if studio.loras.exists() else ():
        path.unlink() if path.is_file() else path.rmdir()
    studio.loras.mkdir(parents=True, exist_ok=True)
    for path in (studio.base / "user").rglob("styles.json"):
        path.unlink()


def own_styles(studio, text):
    """Writes the user's styles where this version of ComfyUI has the folder."""
    user = studio.base / "user"
    for name in ("__imitatoes", "imitatoes"):
        (user / name).mkdir(parents=True, exist_ok=True)
        (user / name / "styles.json").write_text(text, encoding="utf-8")
