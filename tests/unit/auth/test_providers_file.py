"""The file of providers: what it may say, and what is told of a wrong one."""

import json
from pathlib import Path
from typing import Any

import pytest

from services.auth.sign_in.oidc.providers_file import read_providers
from snowlight.errors import FailedPreconditionError

SECRET = "a very secret secret"


def good() -> dict[str, Any]:
    return {
        "name": "carrier",
        "issuer": "https://id.carrier.example",
        "client_id": "snowlight",
        "client_secret_environment": "OIDC_SECRET",
        "redirect_uri": "https://video.example/v1/oidc/callback",
        "maximum": {"lines": ["carrier"], "roles": ["viewer", "operator"], "scope": "regions/42"},
        "rule": [rule()],
    }


def rule(**changes: Any) -> dict[str, Any]:
    made = {"when": {"groups": "a"}, "line": "carrier", "roles": ["viewer"], "scope": "regions/4213"}
    return {name: value for name, value in (made | changes).items() if value is not None}


def read(tmp_path: Path, content: Any, environment: dict[str, str] | None = None) -> list[Any]:
    file = tmp_path / "oidc.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return list(read_providers(file, {"OIDC_SECRET": SECRET} if environment is None else environment))


def test_a_good_file_is_read_and_its_secret_is_not_shown(tmp_path: Path) -> None:
    (provider,) = read(tmp_path, {"provider": [good()]})
    assert (provider.prefix, provider.client_secret) == ("carrier", SECRET)
    assert SECRET not in repr(provider)
    assert SECRET not in str(provider.model_dump())


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "a provider that is unknown here": ({"colour": "red"}, "provider.0.colour: Extra inputs"),
    "an issuer without TLS": ({"issuer": "http://id.example"}, "provider.0.issuer: .*https"),
    "an issuer with a query": ({"issuer": "https://id.example/?a"}, "provider.0.issuer"),
    "no secret": ({"client_secret_environment": None}, "client_secret_file or client_secret_environment"),
    "two secrets": ({"client_secret_file": "/x"}, "client_secret_file or client_secret_environment"),
    "a scope less": ({"scopes": ["profile"]}, "must hold openid"),
    "no maximum": ({"maximum": None}, "provider.0.maximum"),
    "a maximum of no region": (
        {"maximum": {"lines": ["carrier"], "roles": ["viewer"], "scope": "42"}},
        "provider.0.maximum.scope",
    ),
    "a line that does not exist": ({"rule": [rule(line="army")]}, "provider.0.rule.0.line"),
    "a line beyond the maximum": ({"rule": [rule(line="police")]}, "rule 0: line police is not among"),
    "a role beyond the maximum": ({"rule": [rule(), rule(roles=["admin"])]}, "rule 1: admin not among"),
    "an organisation beyond the maximum": (
        {"rule": [rule(), rule(organisation="City police")]},
        "rule 1: organisation City police is not among maximum.organisations",
    ),
    "a claimed organisation without a maximum": (
        {"rule": [rule(organisation_claim="company")]},
        "rule 0: organisation_claim needs maximum.organisations",
    ),
    "a rule for everybody": ({"rule": [rule(when={})]}, "provider.0.rule.0.when"),
    "a rule for no value": ({"rule": [rule(when={"groups": []})]}, "needs at least one value"),
    "a rule of no scope": ({"rule": [rule(scope=None)]}, "either scope or scope_claim"),
    "a rule of two scopes": ({"rule": [rule(scope_claim="region")]}, "either scope or scope_claim"),
    "no rule": ({"rule": []}, "provider.0.rule"),
    "a resident who would operate": (
        {
            "maximum": {"lines": ["resident"], "roles": ["operator"], "scope": "regions/42"},
            "rule": [rule(line="resident", roles=["operator"])],
        },
        "of a resident",
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_provider_is_told_where(tmp_path: Path, wrong: str) -> None:
    changes, problem = WRONG[wrong]
    provider = {name: value for name, value in (good() | changes).items() if value is not None}
    with pytest.raises(FailedPreconditionError, match=problem) as raised:
        read(tmp_path, {"provider": [provider]})
    assert raised.value.code == "config.oidc_file"
    assert SECRET not in str(raised.value)


def test_a_file_that_cannot_be_used_is_told_so(tmp_path: Path) -> None:
    for content, problem in (
        ("{", "is not JSON"),
        ({"provider": []}, "provider"),
        ({"provider": [good(), good()]}, "two providers have one name"),
    ):
        with pytest.raises(FailedPreconditionError, match=problem):
            read(tmp_path, content)
    with pytest.raises(FailedPreconditionError, match="holds no secret"):
        read(tmp_path, {"provider": [good()]}, {})
    with pytest.raises(FailedPreconditionError, match="cannot be read"):
        read_providers(tmp_path / "missing.toml", {})
    file = tmp_path / "oidc.toml"
    file.write_text("[[provider")
    with pytest.raises(FailedPreconditionError, match="is not TOML"):
        read_providers(file, {})
