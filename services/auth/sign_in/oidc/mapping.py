"""From a provider's claims to what somebody is here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.model import Line, Role
from services.auth.repository import regions
from snowlight.errors import PermissionDeniedError

if TYPE_CHECKING:
    from services.auth.sign_in.oidc.providers_file import Provider, Rule


@dataclass(frozen=True, slots=True)
class Mapped:
    """What a rule makes of somebody. `scope` is a region's code."""

    line: Line
    roles: frozenset[Role]
    scope: str
    organisation: str
    display_name: str


def map_claims(provider: Provider, claims: Mapping[str, Any]) -> Mapped:
    """By the first rule that matches. Raises PermissionDeniedError("auth.oidc_no_rule") when none does, or
    when a claim that the rule needs is missing."""
    rule = next((rule for rule in provider.rule if _matches(rule, claims)), None)
    if rule is None:
        raise PermissionDeniedError("auth.oidc_no_rule", "your account there opens nothing here")
    scope = rule.scope or _text(claims, rule.scope_claim, 64)
    organisation = rule.organisation
    if rule.organisation_claim is not None:
        organisation = _text(claims, rule.organisation_claim, 200)
    if not scope:
        raise PermissionDeniedError("auth.oidc_no_rule", "your account there names no region")
    name = _text(claims, provider.display_name_claim, 100)
    return Mapped(
        rule.line,
        frozenset(rule.roles),
        scope.removeprefix("regions/"),
        organisation,
        name or str(claims["sub"])[:100],
    )


async def require_within(connection: AsyncConnection, provider: Provider, mapped: Mapped) -> None:
    """Raises PermissionDeniedError("auth.oidc_beyond_maximum") for a scope that is no region, and for a scope
    or an organisation outside of what the provider may give at most. Lines and roles were checked when the
    file was read."""
    if mapped.organisation and mapped.organisation not in provider.maximum.organisations:
        raise PermissionDeniedError(
            "auth.oidc_beyond_maximum", "your organisation there is not one to be had here"
        )
    chain = await regions.chain(connection, mapped.scope)
    if provider.maximum.scope.removeprefix("regions/") not in chain:
        raise PermissionDeniedError("auth.oidc_beyond_maximum", "your region there is not one to be had here")


def _matches(rule: Rule, claims: Mapping[str, Any]) -> bool:
    return all(
        _values(claims, claim) & ({wanted} if isinstance(wanted, str) else set(wanted))
        for claim, wanted in rule.when.items()
    )


def _values(claims: Mapping[str, Any], claim: str) -> set[str]:
    value = _find(claims, claim)
    values = value if isinstance(value, list) else [value]
    return {one for one in values if isinstance(one, str)}


def _text(claims: Mapping[str, Any], claim: str | None, max_length: int) -> str:
    """The claim when it is a text that can be shown; otherwise ""."""
    value = _find(claims, claim) if claim is not None else ""
    return value if isinstance(value, str) and len(value) <= max_length and value.isprintable() else ""


def _find(claims: Mapping[str, Any], claim: str) -> Any:
    """The claim of that name; with dots, one inside others ("realm_access.roles")."""
    if claim in claims:
        return claims[claim]
    found: Any = claims
    for step in claim.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    return found
