"""Writes the table of values in the chart's README, from values.yaml's comments and values.schema.json.

`python deploy/helm/readme.py` writes it, `--check` fails where it is not what would be written.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

CHART = Path(__file__).parent / "snowlight"
BEGIN = "<!-- Below this line make chart-docs writes. -->\n"

_KEY = re.compile(r"(?P<indent> *)(?P<name>\w+):")


@dataclass(frozen=True)
class Value:
    """One value, or a section of them."""

    path: tuple[str, ...]
    comment: str


def main() -> int:
    """Returns the exit status."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true", help="write nothing")
    check = parser.parse_args().check
    readme = CHART / "README.md"
    old = readme.read_text()
    head, mark, _ = old.partition(BEGIN)
    if not mark:
        sys.exit(f"{readme} has no line {BEGIN.strip()}")
    new = head + BEGIN + table()
    if check and new != old:
        sys.exit(f"{readme} is not what values.yaml says: run make chart-docs")
    if not check:
        readme.write_text(new)
    return 0


def table() -> str:
    """All values as Markdown, a table for each section."""
    text = (CHART / "values.yaml").read_text()
    defaults = yaml.safe_load(text)
    schema = json.loads((CHART / "values.schema.json").read_text())
    lines: list[str] = []
    for value in commented(text):
        default = _at(defaults, value.path)
        is_section = isinstance(default, dict) and bool(default) and not _is_map(schema, value.path)
        if len(value.path) == 1:
            lines += ["", f"### {value.path[0]}", "", value.comment]
            if is_section:
                lines += ["", "| value | default | is | what for |", "|---|---|---|---|"]
                continue
            lines += ["", "| value | default | is | what for |", "|---|---|---|---|"]
        name = ".".join(value.path)
        if is_section:
            lines.append(f"| **{name}** | | | {_cell(value.comment)} |")
        else:
            kind = describe(_schema_at(schema, value.path), schema)
            lines.append(f"| `{name}` | `{json.dumps(default)}` | {_cell(kind)} | {_cell(value.comment)} |")
    return "\n".join(lines) + "\n"


def commented(text: str) -> Iterator[Value]:
    """Each key of values.yaml that stands in a line of its own, with the comment above it."""
    path: list[str] = []
    comment: list[str] = []
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith("#"):
            comment.append(stripped.removeprefix("#").strip())
            continue
        key = _KEY.match(line)
        if key:
            path = [*path[: len(key["indent"]) // 2], key["name"]]
            yield Value(tuple(path), " ".join(comment))
        comment = []


def describe(part: dict[str, Any], schema: dict[str, Any]) -> str:
    """What the schema takes, in few words."""
    part = _resolved(part, schema)
    if "enum" in part:
        return ", ".join(f"`{choice}`" for choice in part["enum"])
    kind = part.get("type", "string")
    if kind == "array":
        return f"list of {describe(part['items'], schema)}s"
    least, most = part.get("minimum"), part.get("maximum")
    if least is not None and most is not None:
        return f"{kind}, {least} to {most}"
    if least is not None:
        return f"{kind}, {least} at least"
    return str(kind)


def _is_map(schema: dict[str, Any], path: tuple[str, ...]) -> bool:
    part = _resolved(_schema_at(schema, path), schema)
    return "properties" not in part


def _schema_at(schema: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    part = schema
    for name in path:
        part = _resolved(part, schema)
        part = part["properties"][name] if "properties" in part else part["additionalProperties"]
    return part


def _resolved(part: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in part:
        part = schema["definitions"][part["$ref"].rpartition("/")[2]]
    return part


def _at(values: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        values = values[name]
    return values


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(main())
