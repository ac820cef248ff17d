"""Small requests to servers that this server's owner has named: the workers of ComfyUI-Distributed, a webhook.

Importing it needs neither httpx nor a server. Judges have clients of their own.
"""

from .json_requests import JsonAnswer, NoAnswer, ask_json

__all__ = ["JsonAnswer", "NoAnswer", "ask_json"]
