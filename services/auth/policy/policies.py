"""Reads the policy files, and refuses those that a decision could not rest on."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cedarpy

from services.auth.model import Line
from snowlight.errors import FailedPreconditionError

RULES = Path(__file__).parent / "rules"
SCHEMA = "schema.cedarschema"
OBLIGATIONS = frozenset({"silent", "watermark"})
"""Without the camera's sound; with the viewer's name drawn over the picture."""
_PERMIT = ("en", "zh")
_FORBID = ("en", "zh", "reason", "rank")


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy, as people are told of it."""

    policy_id: str
    english: str
    chinese: str
    reason: str = ""
    """The code told when it forbids, "auth.household_camera"."""
    rank: int = 0
    """Of several that forbid, the lowest is told."""
    obligations: frozenset[str] = frozenset()
    """How what it permits must be shown."""


@dataclass(frozen=True, slots=True)
class PolicySet:
    """Policies that fit their schema."""

    about: dict[tuple[str, str], cedarpy.PolicySet]
    """For each action and line those alone whose heads name them: evaluating the others costs as much."""
    schema: cedarpy.Schema
    by_id: dict[str, Policy]


def load_policies(folder: Path) -> PolicySet:
    """The policies in `folder`: its `schema.cedarschema` and all its `*.cedar` files.

    Raises FailedPreconditionError("policy.invalid") that names the file, or the policy, and what is wrong.
    """
    texts = {file: _read(file) for file in sorted(folder.glob("*.cedar"))}
    if not texts:
        raise _invalid(f"{folder} holds no *.cedar file")
    schema_text = _read(folder / SCHEMA)
    schema = _parsed(folder / SCHEMA, cedarpy.Schema.from_str, schema_text)
    by_id: dict[str, Policy] = {}
    for file, text in texts.items():
        for policy in _describe(file, text):
            if policy.policy_id in by_id:
                raise _invalid(f"{file.name}: two policies have the id {policy.policy_id}")
            by_id[policy.policy_id] = policy
        _check(file, text, schema)
    return PolicySet(_sliced("\n".join(texts.values()), schema), schema, by_id)


def _sliced(text: str, schema: cedarpy.Schema) -> dict[tuple[str, str], cedarpy.PolicySet]:
    policies = json.loads(cedarpy.policies_to_json_str(text))["staticPolicies"]
    handles: dict[tuple[str, str], cedarpy.PolicySet] = {}
    parsed: dict[tuple[str, ...], cedarpy.PolicySet] = {}  # many actions and lines share theirs
    for action, around in _actions(schema).items():
        for line in Line:
            chosen = {
                name: policy
                for name, policy in policies.items()
                if _names(policy["action"], around) and _names(policy["principal"], {str(line)})
            }
            if (names := tuple(chosen)) not in parsed:
                content = {"staticPolicies": chosen, "templates": {}, "templateLinks": []}
                parsed[names] = cedarpy.PolicySet.from_json_str(json.dumps(content))
            handles[action, str(line)] = parsed[names]
    return handles


def _actions(schema: cedarpy.Schema) -> dict[str, set[str]]:
    """Every action of the schema, with itself and all groups that it is in."""
    told = json.loads(str(cedarpy.Entities.from_json_str("[]", schema)))
    parents = {one["uid"]["id"]: {parent["id"] for parent in one["parents"]} for one in told}
    actions = {}
    for action in parents:
        around = {action}
        while more := {group for name in around for group in parents[name]} - around:
            around |= more
        actions[action] = around
    return actions


def _names(constraint: dict[str, Any], ids: set[str]) -> bool:
    """Whether a policy's head leaves it open whom or what it is about, or names one of `ids`."""
    if constraint["op"] not in ("==", "in"):
        return True
    entities = constraint["entities"] if "entities" in constraint else [constraint["entity"]]
    return any(entity["id"] in ids for entity in entities)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _invalid(f"{file} cannot be read: {error}") from error


def _parsed(file: Path, parse: Any, text: str) -> Any:
    try:
        return parse(text)
    except ValueError as error:
        raise _invalid(f"{file.name}: {error}") from error


def _check(file: Path, text: str, schema: cedarpy.Schema) -> None:
    errors = cedarpy.validate_policies(text, schema).errors
    if errors:
        raise _invalid(f"{file.name}: {'; '.join(error.error for error in errors)}")


def _describe(file: Path, text: str) -> list[Policy]:
    parsed = json.loads(_parsed(file, cedarpy.policies_to_json_str, text))
    if parsed.get("templates"):
        raise _invalid(f"{file.name}: templates grant nothing; write policies")
    return [_policy(file, policy) for policy in parsed["staticPolicies"].values()]


def _policy(file: Path, parsed: dict[str, Any]) -> Policy:
    annotations = parsed.get("annotations", {})
    policy_id = annotations.get("id", "")
    if not policy_id:
        raise _invalid(f"{file.name}: a policy has no @id")
    permits = parsed["effect"] == "permit"
    for name in _PERMIT if permits else _FORBID:
        if not annotations.get(name):
            raise _invalid(f"{file.name}: {policy_id} has no @{name}")
    rank = annotations.get("rank", "0")
    if not (rank.isascii() and rank.isdecimal()):
        raise _invalid(f"{file.name}: {policy_id}: @rank must be a number")
    obligations = frozenset(annotations.get("obligations", "").split())
    if unknown := obligations - OBLIGATIONS:
        raise _invalid(f"{file.name}: {policy_id}: no such obligation: {', '.join(sorted(unknown))}")
    return Policy(
        policy_id,
        annotations["en"],
        annotations["zh"],
        reason=annotations.get("reason", ""),
        rank=int(rank),
        obligations=obligations,
    )


def _invalid(problem: str) -> FailedPreconditionError:
    return FailedPreconditionError("policy.invalid", problem)
