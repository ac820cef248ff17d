"""The only importer of ComfyUI's own modules. Version differences end at this wall."""
