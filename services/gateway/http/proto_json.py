"""Protobuf messages as the JSON of this site: snake_case names, RFC 3339 instants, enums by name.

Unlike protobuf's own mapping, 64-bit integers are numbers, and what is wrong in a request is told by field.
"""

import math
from collections.abc import Callable, Mapping, Set
from functools import cache
from typing import Any, TypeVar, cast

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message

from services.gateway.http.instants import parse_instant
from snowlight.errors import InvalidArgumentError
from snowlight.instants import format_instant

M = TypeVar("M", bound=Message)

_TIMESTAMP = "google.protobuf.Timestamp"
_INT_LIMITS = {
    FieldDescriptor.TYPE_INT32: (-(1 << 31), (1 << 31) - 1),
    FieldDescriptor.TYPE_UINT32: (0, (1 << 32) - 1),
    FieldDescriptor.TYPE_INT64: (-(1 << 53), 1 << 53),  # what JSON numbers carry exactly (RFC 8259 section 6)
    FieldDescriptor.TYPE_SINT64: (-(1 << 53), 1 << 53),
}


def to_json(message: Message, *, without: Set[str] = frozenset()) -> dict[str, Any]:
    """`message` as a JSON object. Unset submessages are left out; every other field is always there."""
    return {
        name: write(getattr(message, name))
        for name, has_presence, write in _writers(message.DESCRIPTOR)
        if name not in without and (not has_presence or message.HasField(name))
    }


def from_json(data: dict[str, Any], message_type: type[M], *, ignore: Set[str] = frozenset()) -> M:
    """The message that `data` describes (`read_json`); null means the default. `ignore` names top-level
    fields passed over.

    Raises InvalidArgumentError naming the field that is unknown or of a wrong type ("location.latitude").
    """
    message = message_type()
    _read_into(message, {name: value for name, value in data.items() if name not in ignore}, "")
    return message


def schema_of(descriptor: Descriptor, *, output_only: Set[str] = frozenset()) -> dict[str, Any]:
    """The JSON Schema of `descriptor`, as OpenAPI 3.1 takes it."""
    properties: dict[str, Any] = {}
    for field in descriptor.fields:
        properties[field.name] = _field_schema(field)
        if field.name in output_only:
            properties[field.name]["readOnly"] = True
    return {"type": "object", "properties": properties}


@cache
def _writers(descriptor: Descriptor) -> list[tuple[str, bool, Callable[[Any], Any]]]:
    return [(field.name, field.has_presence, _writer(field)) for field in descriptor.fields]


def _writer(field: FieldDescriptor) -> Callable[[Any], Any]:
    if _is_map(field):
        return dict
    one = _value_writer(field)
    return (lambda values: [one(value) for value in values]) if field.is_repeated else one


def _value_writer(field: FieldDescriptor) -> Callable[[Any], Any]:
    if field.message_type is not None:
        if field.message_type.full_name == _TIMESTAMP:
            return lambda value: format_instant(value.seconds * 1000 + value.nanos // 1_000_000)
        return to_json
    if field.enum_type is not None:
        names: dict[int, str] = {value.number: value.name for value in field.enum_type.values}
        return lambda value: names.get(value, str(value))
    return lambda value: value


def _read_into(message: Message, data: dict[str, Any], prefix: str) -> None:
    fields = cast("Mapping[str, FieldDescriptor]", message.DESCRIPTOR.fields_by_name)
    for name, value in data.items():
        path = prefix + name
        field = fields.get(name)
        if field is None:
            raise InvalidArgumentError("request.unknown_field", f"{path} is not a field here", field=path)
        if value is None:
            continue
        if _is_map(field):
            if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
                raise _wrong_type(path, "an object of strings")
            getattr(message, name).update(value)
        elif field.is_repeated:
            if not isinstance(value, list):
                raise _wrong_type(path, "an array")
            for index, item in enumerate(value):
                _append(getattr(message, name), field, item, f"{path}[{index}]")
        elif field.message_type is not None and field.message_type.full_name == _TIMESTAMP:
            instant_ms = parse_instant(_string(value, path), path)
            getattr(message, name).FromMilliseconds(instant_ms)
        elif field.message_type is not None:
            if not isinstance(value, dict):
                raise _wrong_type(path, "an object")
            getattr(message, name).SetInParent()
            _read_into(getattr(message, name), value, f"{path}.")
        else:
            setattr(message, name, _scalar(field, value, path))


def _append(values: Any, field: FieldDescriptor, item: Any, path: str) -> None:
    if field.message_type is None:
        values.append(_scalar(field, item, path))
    elif isinstance(item, dict):
        _read_into(values.add(), item, f"{path}.")
    else:
        raise _wrong_type(path, "an object")


def _scalar(field: FieldDescriptor, value: Any, path: str) -> Any:
    if field.enum_type is not None:
        return _enum_number(field.enum_type, value, path)
    if field.type == FieldDescriptor.TYPE_BOOL:
        if not isinstance(value, bool):
            raise _wrong_type(path, "true or false")
        return value
    if field.type in _INT_LIMITS:
        low, high = _INT_LIMITS[field.type]
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise _wrong_type(path, "an integer")
        return value
    if field.type in (FieldDescriptor.TYPE_DOUBLE, FieldDescriptor.TYPE_FLOAT):
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise _wrong_type(path, "a number")
        return float(value)
    return _string(value, path)


def _enum_number(enum: EnumDescriptor, value: Any, path: str) -> int:
    chosen = enum.values_by_name.get(value) if isinstance(value, str) else None
    if chosen is not None and chosen.number:  # 0 is "unspecified", which JSON says by leaving the field out
        return chosen.number
    choices = ", ".join(choice.name for choice in enum.values if choice.number)
    raise InvalidArgumentError("request.type", f"{path} must be one of {choices}", field=path)


def _string(value: Any, path: str) -> str:
    if not isinstance(value, str):
        raise _wrong_type(path, "a string")
    return value


def _field_schema(field: FieldDescriptor) -> dict[str, Any]:
    if _is_map(field):
        return {"type": "object", "additionalProperties": {"type": "string"}}
    if field.is_repeated:
        return {"type": "array", "items": _value_schema(field)}
    return _value_schema(field)


def _value_schema(field: FieldDescriptor) -> dict[str, Any]:
    if field.message_type is not None:
        if field.message_type.full_name == _TIMESTAMP:
            return {"type": "string", "format": "date-time"}
        return schema_of(field.message_type)
    if field.enum_type is not None:
        return {"type": "string", "enum": [value.name for value in field.enum_type.values]}
    if field.type == FieldDescriptor.TYPE_BOOL:
        return {"type": "boolean"}
    if field.type in _INT_LIMITS:
        return {"type": "integer"}
    if field.type in (FieldDescriptor.TYPE_DOUBLE, FieldDescriptor.TYPE_FLOAT):
        return {"type": "number"}
    return {"type": "string"}


def _is_map(field: FieldDescriptor) -> bool:
    return field.message_type is not None and bool(field.message_type.GetOptions().map_entry)


def _wrong_type(path: str, wanted: str) -> InvalidArgumentError:
    return InvalidArgumentError("request.type", f"{path} must be {wanted}", field=path)
