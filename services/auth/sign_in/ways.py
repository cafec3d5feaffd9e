"""All ways in, put together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp

from services.auth.attempts import Attempts
from services.auth.passwords import Passwords
from services.auth.sign_in.account import Account
from services.auth.sign_in.clients import ClientSignIn
from services.auth.sign_in.devices import DeviceSignIn
from services.auth.sign_in.oidc.login import OidcSignIn
from services.auth.sign_in.password import PasswordSignIn
from services.auth.tokens import Tokens
from snowlight.access.cluster_key import ClusterKey
from snowlight.clock import Clock
from snowlight.database import Database

if TYPE_CHECKING:
    from services.auth.sign_in.oidc.client import ProviderClient


@dataclass(frozen=True)
class Ways:
    """The ways in."""

    passwords: PasswordSignIn
    clients: ClientSignIn
    devices: DeviceSignIn
    oidc: OidcSignIn
    account: Account


@asynccontextmanager
async def open_ways(
    oidc_file: Path | None,
    environment: Mapping[str, str],
    database: Database,
    tokens: Tokens,
    passwords: Passwords,
    key: ClusterKey,
    clock: Clock,
) -> AsyncIterator[Ways]:
    """Open while the context is. Raises FailedPreconditionError for a wrong file of providers."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        clients = _providers(oidc_file, environment, http, clock) if oidc_file else []
        yield Ways(
            passwords=PasswordSignIn(database, tokens, passwords, Attempts(clock), clock),
            clients=ClientSignIn(database, tokens, clock),
            devices=DeviceSignIn(database, tokens, clock),
            oidc=OidcSignIn(database, tokens, clients, key.derive("auth-oidc-login"), clock),
            account=Account(database, clock),
        )


def _providers(
    file: Path, environment: Mapping[str, str], http: aiohttp.ClientSession, clock: Clock
) -> list[ProviderClient]:
    # Loaded only where there are any.
    from services.auth.sign_in.oidc.client import ProviderClient
    from services.auth.sign_in.oidc.providers_file import read_providers

    return [ProviderClient(provider, http, clock) for provider in read_providers(file, environment)]
