"""The V3 node class: its Schema, what it returns, and the V1 face that the server and the executor read."""
# ruff: noqa: N802 - ComfyUI's method names

from __future__ import annotations

import inspect
from dataclasses import dataclass
from enum import Enum
from typing import Any

from ._inputs import Input, Output


class Hidden(str, Enum):
    unique_id = "UNIQUE_ID"
    prompt = "PROMPT"
    extra_pnginfo = "EXTRA_PNGINFO"
    dynprompt = "DYNPROMPT"
    auth_token_comfy_org = "AUTH_TOKEN_COMFY_ORG"
    api_key_comfy_org = "API_KEY_COMFY_ORG"


class HiddenHolder:
    """`cls.hidden.unique_id` and so on; None for what the Schema did not ask for."""

    def __init__(self, values: dict[Hidden, Any]) -> None:
        for member in Hidden:
            setattr(self, member.name, values.get(member))

    def __getattr__(self, name: str) -> None:
        return None


@dataclass
class Schema:
    """What a node looks like. Exactly the fields of ComfyUI 0.3.64; any other keyword is a TypeError."""

    node_id: str
    display_name: str | None = None
    category: str = "sd"
    inputs: list[Input] | None = None
    outputs: list[Output] | None = None
    hidden: list[Hidden] | None = None
    description: str = ""
    is_input_list: bool = False
    is_output_node: bool = False
    is_deprecated: bool = False
    is_experimental: bool = False
    is_api_node: bool = False
    not_idempotent: bool = False
    enable_expand: bool = False

    def validate(self) -> None:
        """Raises ValueError when an id occurs twice among the inputs and outputs."""
        ids = [part.id for part in [*self.inputs, *self.outputs]]
        repeated = sorted({name for name in ids if ids.count(name) > 1})
        if repeated:
            raise ValueError(f"Ids must be unique, but {repeated} are not.")

    def finalize(self) -> None:
        self.inputs, self.outputs, self.hidden = self.inputs or [], self.outputs or [], self.hidden or []
        if self.is_output_node:
            self.hidden += [one for one in (Hidden.prompt, Hidden.extra_pnginfo) if one not in self.hidden]
        if self.is_api_node:
            account = (Hidden.auth_token_comfy_org, Hidden.api_key_comfy_org)
            self.hidden += [one for one in account if one not in self.hidden]
        for index, output in enumerate(self.outputs):
            output.id = output.id or f"_{index}_{output.io_type}_"

    def input_types(self) -> dict[str, dict[str, Any]]:
        """V1 form: `{required: {id: (type, options)}, optional, hidden: {name: (NAME,)}}`."""
        types: dict[str, dict[str, Any]] = {"required": {}}
        for one in self.inputs:
            section = types.setdefault("optional" if one.optional else "required", {})
            section[one.id] = (one.get_io_type(), one.as_dict())
        for one in self.hidden:
            types.setdefault("hidden", {})[one.name] = (one.value,)
        return types

    def v1_info(self, node: type) -> dict[str, Any]:
        """One node's entry in /object_info."""
        types = self.input_types()
        return {
            "input": types,
            "input_order": {section: list(inputs) for section, inputs in types.items()},
            "output": [one.io_type for one in self.outputs],
            "output_is_list": [one.is_output_list for one in self.outputs],
            "output_name": [one.display_name or one.io_type for one in self.outputs],
            "output_tooltips": [one.tooltip or None for one in self.outputs],
            "output_matchtypes": None,
            "name": self.node_id,
            "display_name": self.display_name,
            "description": self.description,
            "python_module": getattr(node, "RELATIVE_PYTHON_MODULE", None) or "nodes",
            "category": self.category,
            "output_node": self.is_output_node,
            "deprecated": self.is_deprecated,
            "experimental": self.is_experimental,
            "api_node": self.is_api_node,
        }


class NodeOutput:
    """What `execute` returns: the outputs in order, and what the page shows of them in `ui`."""

    def __init__(
        self,
        *args: Any,
        ui: Any = None,
        expand: dict[str, Any] | None = None,
        block_execution: str | None = None,
    ) -> None:
        self.args = args
        self.ui = ui
        self.expand = expand
        self.block_execution = block_execution

    @property
    def result(self) -> tuple[Any, ...] | None:
        return self.args or None

    def __getitem__(self, index: int) -> Any:
        return self.args[index]


def _normalized(returned: Any) -> NodeOutput:
    if returned is None:
        returned = NodeOutput()
    elif isinstance(returned, tuple):
        returned = NodeOutput(*returned)
    elif isinstance(returned, dict):
        returned = NodeOutput(*returned.get("result", ()), ui=returned.get("ui"), expand=returned.get("expand"))
    if not isinstance(returned, NodeOutput):
        raise Exception(f"Invalid return type from node: {type(returned)}")
    if returned.expand is not None or returned.block_execution is not None:
        raise NotImplementedError("The rehearsal neither expands graphs nor blocks execution.")
    return returned


class _FromSchema:
    """A V1 class attribute, read from the Schema on first use and then kept on the class (and its subclasses)."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.kept = f"_{name}"

    def __get__(self, instance: Any, owner: type[ComfyNode]) -> Any:
        if getattr(owner, self.kept, None) is None:
            owner.GET_SCHEMA()
        return getattr(owner, self.kept)


class _Locked(type):
    def __setattr__(cls, name: str, value: Any) -> None:
        raise AttributeError(f"Cannot modify class attribute '{name}' on locked class '{cls.__name__}'")


class ComfyNode:
    """Base of every V3 node."""

    RELATIVE_PYTHON_MODULE: str | None = None
    SCHEMA: Schema | None = None
    hidden: HiddenHolder | None = None

    OUTPUT_NODE = _FromSchema()
    API_NODE = _FromSchema()
    NOT_IDEMPOTENT = _FromSchema()
    RETURN_TYPES = _FromSchema()

    def __init__(self) -> None:
        self.VALIDATE_CLASS()

    @classmethod
    def define_schema(cls) -> Schema:
        raise NotImplementedError

    @classmethod
    def execute(cls, **kwargs: Any) -> NodeOutput:
        raise NotImplementedError

    @classmethod
    def validate_inputs(cls, **kwargs: Any) -> bool | str:
        raise NotImplementedError

    @classmethod
    def fingerprint_inputs(cls, **kwargs: Any) -> Any:
        raise NotImplementedError

    @classmethod
    def check_lazy_status(cls, **kwargs: Any) -> list[str]:
        return [name for name, value in kwargs.items() if value is None]

    @classmethod
    def VALIDATE_CLASS(cls) -> None:
        for name in ("define_schema", "execute"):
            if not overrides(cls, name):
                raise Exception(f"No {name} function was defined for node class {cls.__name__}.")

    @classmethod
    def FINALIZE_SCHEMA(cls) -> Schema:
        schema = cls.define_schema()
        schema.finalize()
        return schema

    @classmethod
    def GET_SCHEMA(cls) -> Schema:
        """Checked, with the V1 attributes of the class filled in. ValueError on repeated ids."""
        cls.VALIDATE_CLASS()
        schema = cls.FINALIZE_SCHEMA()
        schema.validate()
        kept = {
            "_OUTPUT_NODE": schema.is_output_node,
            "_API_NODE": schema.is_api_node,
            "_NOT_IDEMPOTENT": schema.not_idempotent,
            "_RETURN_TYPES": [one.io_type for one in schema.outputs],
        }
        for name, value in kept.items():
            if getattr(cls, name, None) is None:
                setattr(cls, name, value)
        cls.SCHEMA = schema
        return schema

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, dict[str, Any]]:
        return cls.FINALIZE_SCHEMA().input_types()

    @classmethod
    def GET_NODE_INFO_V1(cls) -> dict[str, Any]:
        return cls.GET_SCHEMA().v1_info(cls)

    @classmethod
    def PREPARE_CLASS_CLONE(cls, hidden: dict[Hidden, Any]) -> type[ComfyNode]:
        """A class for one call: it carries `hidden`, and refuses to be written to."""
        return _Locked(f"{cls.__name__}Clone", (cls,), {"hidden": HiddenHolder(hidden)})

    @classmethod
    def EXECUTE_NORMALIZED(cls, **kwargs: Any) -> NodeOutput:
        return _normalized(cls.execute(**kwargs))

    @classmethod
    async def EXECUTE_NORMALIZED_ASYNC(cls, **kwargs: Any) -> NodeOutput:
        return _normalized(await cls.execute(**kwargs))


def overrides(node: type[ComfyNode], name: str) -> bool:
    """Whether a class below ComfyNode defines the method."""
    return any(name in one.__dict__ for one in node.mro()[: node.mro().index(ComfyNode)])


def function_of(node: type) -> str:
    """The name of the method to call for the outputs, V1 or V3."""
    if not issubclass(node, ComfyNode):
        return node.FUNCTION
    return "EXECUTE_NORMALIZED_ASYNC" if inspect.iscoroutinefunction(node.execute) else "EXECUTE_NORMALIZED"
