"""Stand-ins for ComfyUI and Ollama, so that everything runs with no GPU, model or server."""
