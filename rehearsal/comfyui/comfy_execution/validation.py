"""What POST /prompt refuses, and how it says so. Values are converted in the prompt itself."""

from __future__ import annotations

import inspect
import logging
import sys
import traceback
from typing import Any

from comfy_api.latest._node import ComfyNode, overrides

import nodes
from comfy_execution.calling import Call, finished
from comfy_execution.graph import Prompt, input_spec, node_class

logger = logging.getLogger(__name__)

Error = dict[str, Any]
_CONVERT = {"INT": int, "FLOAT": float, "STRING": str, "BOOLEAN": bool}
_MANY = 20


def full_type_name(kind: type) -> str:
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _error(kind: str, message: str, details: str, **extra_info: Any) -> Error:
    return {"type": kind, "message": message, "details": details, "extra_info": extra_info}


def types_fit(received: Any, wanted: Any) -> bool:
    """Types are equal, or "*", or comma unions with a member in common."""
    # `!=` and not `==`: packs subclass str with an `__ne__` that fits everything.
    if not received != wanted:
        return True
    if isinstance(received, list) and wanted == "COMBO":
        return True
    if not isinstance(received, str) or not isinstance(wanted, str):
        return False
    left, right = ({one.strip() for one in types.split(",")} for types in (received, wanted))
    return "*" in left | right or bool(left & right)


class _Validation:
    """One prompt being checked; `results` holds (valid, errors) of every node seen."""

    def __init__(self, prompt_id: str, prompt: Prompt) -> None:
        self.prompt_id = prompt_id
        self.prompt = prompt
        self.results: dict[str, tuple[bool, list[Error]]] = {}
        self.open: set[str] = set()

    async def node(self, node_id: str) -> tuple[bool, list[Error]]:
        if node_id in self.results:
            return self.results[node_id]
        if node_id in self.open:
            # A cycle: the prompt is refused, and no node is blamed.
            return False, []
        self.open.add(node_id)
        try:
            self.results[node_id] = await self._check(node_id)
        finally:
            self.open.discard(node_id)
        return self.results[node_id]

    async def _check(self, node_id: str) -> tuple[bool, list[Error]]:
        inputs = self.prompt[node_id]["inputs"]
        node = node_class(self.prompt, node_id)
        input_types = node.INPUT_TYPES()
        function, own_check, takes_all = _own_check(node)
        received_types: dict[str, Any] = {}
        errors: list[Error] = []
        sources_valid = True

        for name in [*input_types.get("required", {}), *input_types.get("optional", {})]:
            kind, section, options = input_spec(input_types, name)
            if name not in inputs:
                if section == "required":
                    errors.append(_error("required_input_missing", "Required input is missing", name, input_name=name))
                continue
            info = (kind, options)
            if isinstance(inputs[name], list):
                link = inputs[name]
                error = self._check_link(name, link, info, received_types, "input_types" in own_check)
                if error:
                    errors.append(error)
                elif not await self._check_source(name, link, info):
                    sources_valid = False
            else:
                error = _convert(inputs, name, info)
                if error is None and name not in own_check and not takes_all:
                    error = _check_value(inputs[name], name, info)
                if error:
                    errors.append(error)

        if own_check or takes_all:
            errors += await self._ask(node_id, node, function, own_check, takes_all, received_types)
        return not errors and sources_valid, errors

    def _check_link(
        self, name: str, link: list[Any], info: tuple[Any, Any], received_types: dict[str, Any], node_checks: bool
    ) -> Error | None:
        if len(link) != 2:
            message = "Bad linked input, must be a length-2 list of [node_id, slot_index]"
            return _error("bad_linked_input", message, name, input_name=name, input_config=info, received_value=link)
        received = node_class(self.prompt, link[0]).RETURN_TYPES[link[1]]
        received_types[name] = received
        if node_checks or types_fit(received, info[0]):
            return None
        return _error(
            "return_type_mismatch",
            "Return type mismatch between linked nodes",
            f"{name}, received_type({received}) mismatch input_type({info[0]})",
            input_name=name,
            input_config=info,
            received_type=received,
            linked_node=link,
        )

    async def _check_source(self, name: str, link: list[Any], info: tuple[Any, Any]) -> bool:
        try:
            return (await self.node(link[0]))[0]
        except Exception as error:
            reason = _error(
                "exception_during_inner_validation",
                "Exception when validating inner node",
                str(error),
                input_name=name,
                input_config=info,
                exception_message=str(error),
                exception_type=full_type_name(type(error)),
                traceback=traceback.format_tb(sys.exc_info()[2]),
                linked_node=link,
            )
            self.results[link[0]] = (False, [reason])
            return False

    async def _ask(
        self, node_id: str, node: Any, function: str, own_check: list[str], takes_all: bool, received: dict[str, Any]
    ) -> list[Error]:
        call = Call(self.prompt_id, self.prompt, node_id, node)
        call.values = {name: value for name, value in call.values.items() if takes_all or name in own_check}
        if "input_types" in own_check:
            call.values["input_types"] = received
        answer = await finished(await call.run(function, node))
        if answer is True:
            return []
        suffix = "" if answer is False else f" - {answer}"
        message = "Custom validation failed for node"
        return [_error("custom_validation_failed", message, f"{name}{suffix}", input_name=name) for name in call.values]


def _own_check(node: Any) -> tuple[str, list[str], bool]:
    """(function name, the inputs a node checks itself, whether it takes them all)."""
    is_v3 = issubclass(node, ComfyNode)
    name = "validate_inputs" if is_v3 else "VALIDATE_INPUTS"
    if not (overrides(node, name) if is_v3 else hasattr(node, name)):
        return name, [], False
    specification = inspect.getfullargspec(getattr(node, name))
    return name, specification.args, specification.varkw is not None


def _convert(inputs: dict[str, Any], name: str, info: tuple[Any, Any]) -> Error | None:
    kind = info[0]
    value = inputs[name]
    try:
        if isinstance(value, dict) and "__value__" in value:
            # How a list is sent as a value: a bare one would read as a link.
            inputs[name] = value = value["__value__"]
        if isinstance(kind, str) and kind in _CONVERT:
            inputs[name] = _CONVERT[kind](value)
    except Exception as error:
        return _error(
            "invalid_input_type",
            f"Failed to convert an input value to a {kind} value",
            f"{name}, {value}, {error}",
            input_name=name,
            input_config=info,
            received_value=value,
            exception_message=str(error),
        )
    return None


def _check_value(value: Any, name: str, info: tuple[Any, Any]) -> Error | None:
    kind, options = info
    about = {"input_name": name, "input_config": info, "received_value": value}
    if "min" in options and value < options["min"]:
        return _error("value_smaller_than_min", f"Value {value} smaller than min of {options['min']}", name, **about)
    if "max" in options and value > options["max"]:
        return _error("value_bigger_than_max", f"Value {value} bigger than max of {options['max']}", name, **about)
    if isinstance(kind, list) or kind == "COMBO":
        choices = kind if isinstance(kind, list) else options.get("options", [])
        if value not in choices:
            shown = str(choices)
            if len(choices) > _MANY:
                shown, about["input_config"] = f"(list of length {len(choices)})", None
            return _error("value_not_in_list", "Value not in list", f"{name}: '{value}' not in {shown}", **about)
    return None


async def validate_prompt(
    prompt_id: str, prompt: Prompt, partial_execution_list: list[str] | None
) -> tuple[bool, Error | None, list[str], dict[str, Any]]:
    """(ok, error, ids of the outputs that may run, `{node id: {errors, dependent_outputs, class_type}}`)."""
    # A set, as in ComfyUI: which output runs first is nothing to rely on.
    outputs: set[str] = set()
    for node_id in prompt:
        if "class_type" not in prompt[node_id]:
            message = "Cannot execute because a node is missing the class_type property."
            return False, _error("invalid_prompt", message, f"Node ID '#{node_id}'"), [], {}
        class_type = prompt[node_id]["class_type"]
        node = nodes.NODE_CLASS_MAPPINGS.get(class_type)
        if node is None:
            message = f"Cannot execute because node {class_type} does not exist."
            return False, _error("invalid_prompt", message, f"Node ID '#{node_id}'"), [], {}
        if getattr(node, "OUTPUT_NODE", False) is True and (
            partial_execution_list is None or node_id in partial_execution_list
        ):
            outputs.add(node_id)
    if not outputs:
        return False, _error("prompt_no_outputs", "Prompt has no outputs", ""), [], {}

    validation = _Validation(prompt_id, prompt)
    good: set[str] = set()
    output_errors: list[str] = []
    node_errors: dict[str, Any] = {}
    for output in outputs:
        try:
            valid, errors = await validation.node(output)
        except Exception as error:
            reason = _error(
                "exception_during_validation",
                "Exception when validating node",
                str(error),
                exception_type=full_type_name(type(error)),
                traceback=traceback.format_tb(sys.exc_info()[2]),
            )
            valid, errors = validation.results[output] = (False, [reason])
        if valid:
            good.add(output)
            continue
        output_errors += [f"{one['message']}: {one['details']}" for one in errors]
        logger.error("Failed to validate prompt for output %s: %s", output, errors)
        for node_id, (node_valid, reasons) in validation.results.items():
            if not node_valid and reasons:
                blamed = {"errors": reasons, "dependent_outputs": [], "class_type": prompt[node_id]["class_type"]}
                node_errors.setdefault(node_id, blamed)["dependent_outputs"].append(output)
    if not good:
        message = "Prompt outputs failed validation"
        return False, _error("prompt_outputs_failed_validation", message, "\n".join(output_errors)), [], node_errors
    return True, None, list(good), node_errors
