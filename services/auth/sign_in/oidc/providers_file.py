"""The file of providers, and of what their people may be here (SNOWLIGHT_AUTH_OIDC_FILE)."""

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    StringConstraints,
    ValidationError,
    model_validator,
)

from services.auth.model import Line, Role
from services.auth.principals import check_roles
from snowlight.errors import FailedPreconditionError, InvalidArgumentError
from snowlight.rpc.plaintext import is_loopback

_MAX_BYTES = 1 << 20
_SETTING = "SNOWLIGHT_AUTH_OIDC_FILE"


def _check_url(value: str) -> str:
    parts = urlsplit(value)
    if not parts.hostname or parts.query or parts.fragment or parts.username:
        raise ValueError("must be a URL without query, fragment and credentials")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname)):
        raise ValueError("must begin with https:// (http:// only on loopback)")
    return value


Url = Annotated[str, AfterValidator(_check_url)]
RegionName = Annotated[str, StringConstraints(pattern=r"^regions/[0-9A-Za-z._-]{1,64}$")]
Organisation = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Claim = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Maximum(_Strict):
    """What nobody who comes from the provider exceeds, whatever a rule or a claim says."""

    lines: list[Line] = Field(min_length=1)
    roles: list[Role] = Field(min_length=1)
    scope: RegionName
    organisations: list[Organisation] = Field([], max_length=1000)


class Rule(_Strict):
    """What people are whose claims match `when`: each claim has one of the values told for it."""

    when: dict[Claim, str | list[str]] = Field(min_length=1)
    line: Line
    roles: list[Role] = Field(min_length=1)
    scope: RegionName | None = None
    scope_claim: Claim | None = None
    organisation: str = Field("", max_length=200)
    organisation_claim: Claim | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.scope is None) == (self.scope_claim is None):
            raise ValueError("needs either scope or scope_claim")
        if self.organisation and self.organisation_claim:
            raise ValueError("takes either organisation or organisation_claim")
        if any(not values for values in self.when.values()):
            raise ValueError("when: a claim needs at least one value")
        try:
            check_roles(self.roles, self.line)
        except InvalidArgumentError as error:
            raise ValueError(error.detail) from error
        return self


class Provider(_Strict):
    """One provider. Its people are told apart by `username_prefix`."""

    name: str = Field(pattern=r"^[a-z0-9-]{1,32}$")
    issuer: Url
    client_id: str = Field(min_length=1, max_length=200)
    client_secret_file: Path | None = None
    client_secret_environment: str | None = None
    redirect_uri: Url
    ca_file: Path | None = None
    scopes: list[str] = ["openid"]
    username_prefix: str = Field("", pattern=r"^[a-z0-9-]{0,32}$")
    display_name_claim: Claim = "name"
    maximum: Maximum
    rule: list[Rule] = Field(min_length=1, max_length=1000)
    _client_secret: str = PrivateAttr("")

    @property
    def client_secret(self) -> str:
        return self._client_secret

    @property
    def prefix(self) -> str:
        return self.username_prefix or self.name

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.client_secret_file is None) == (self.client_secret_environment is None):
            raise ValueError("needs either client_secret_file or client_secret_environment")
        if "openid" not in self.scopes:
            raise ValueError("scopes must hold openid")
        for number, rule in enumerate(self.rule):
            if rule.line not in self.maximum.lines:
                raise ValueError(f"rule {number}: line {rule.line} is not among maximum.lines")
            beyond = set(rule.roles) - set(self.maximum.roles)
            if beyond:
                raise ValueError(f"rule {number}: {', '.join(sorted(beyond))} not among maximum.roles")
            if rule.organisation and rule.organisation not in self.maximum.organisations:
                raise ValueError(
                    f"rule {number}: organisation {rule.organisation} is not among maximum.organisations"
                )
            if rule.organisation_claim and not self.maximum.organisations:
                raise ValueError(f"rule {number}: organisation_claim needs maximum.organisations")
        return self


class _File(_Strict):
    provider: list[Provider] = Field(min_length=1, max_length=100)

    @model_validator(mode="after")
    def _check(self) -> Self:
        for what, values in (
            ("name", [provider.name for provider in self.provider]),
            ("username_prefix", [provider.prefix for provider in self.provider]),
        ):
            if len(set(values)) != len(values):
                raise ValueError(f"two providers have one {what}")
        return self


def read_providers(path: Path, environment: Mapping[str, str]) -> list[Provider]:
    """The providers of a TOML or JSON file, with their secrets read from where it says.

    Raises FailedPreconditionError("config.oidc_file") that says where the file is wrong, and no secret.
    """
    try:
        providers = _File.model_validate(_parse(path)).provider
    except ValidationError as error:
        problems = [
            f"{'.'.join(map(str, problem['loc'])) or 'file'}: {problem['msg']}"
            for problem in error.errors(include_input=False, include_context=False, include_url=False)
        ]
        raise _refused(path, "; ".join(problems[:5])) from error
    for number, provider in enumerate(providers):
        secret = _read_secret(path, number, provider, environment)
        provider._client_secret = secret
    return providers


def _parse(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
        if len(data) > _MAX_BYTES:
            raise _refused(path, f"has more than {_MAX_BYTES} bytes")
        return json.loads(data) if path.suffix == ".json" else tomllib.loads(data.decode())
    except OSError as error:
        raise _refused(path, "cannot be read") from error
    except (ValueError, RecursionError) as error:
        kind = "JSON" if path.suffix == ".json" else "TOML"
        raise _refused(path, f"is not {kind}: {error}") from error


def _read_secret(path: Path, number: int, provider: Provider, environment: Mapping[str, str]) -> str:
    if provider.client_secret_environment is not None:
        source = f"provider.{number}.client_secret_environment"
        secret = environment.get(provider.client_secret_environment, "")
    else:
        source = f"provider.{number}.client_secret_file"
        try:
            assert provider.client_secret_file is not None
            secret = provider.client_secret_file.read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise _refused(path, f"{source}: cannot be read") from error
    if not secret:
        raise _refused(path, f"{source}: holds no secret")
    return secret


def _refused(path: Path, problem: str) -> FailedPreconditionError:
    return FailedPreconditionError("config.oidc_file", f"{_SETTING}: {path}: {problem}")
