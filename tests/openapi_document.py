"""Answers measured by the OpenAPI document that a gateway serves."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker


class Documented:
    """The document, and what it says of one answer."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document

    def faults(self, method: str, path: str, status: int, answer: Any) -> list[str]:
        """What in `answer` is not as the operation of this path says; a field it does not name is a fault."""
        operation = self._operation(method, path)
        response = operation["responses"].get(str(status), operation["responses"]["default"])
        (content,) = response["content"].values()
        strict = {**self._strict(content["schema"]), "components": self._strict(self.document["components"])}
        validator = Draft202012Validator(strict, format_checker=FormatChecker())
        return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(answer)]

    def _operation(self, method: str, path: str) -> Mapping[str, Any]:
        """A path without parameters goes before one with them (OpenAPI 3.1, paths object)."""
        asked = path.partition("?")[0]
        for known in sorted(self.document["paths"], key=lambda each: each.count("{")):
            if re.fullmatch(re.sub(r"{\w+}", "[^/:]+", known), asked):
                return dict(self.document["paths"][known][method.lower()])
        raise AssertionError(f"{path} is in no path of the document")

    def _strict(self, schema: Any) -> Any:
        """The schema, but that an object has no field besides those it names."""
        if isinstance(schema, list):
            return [self._strict(each) for each in schema]
        if not isinstance(schema, dict):
            return schema
        closed = {name: self._strict(each) for name, each in schema.items()}
        if isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
            closed.setdefault("additionalProperties", False)
        return closed
