"""All the thinking of the pack. Imports nothing of ComfyUI, aiohttp or the network."""
