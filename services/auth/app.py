"""Auth as a service: database, keys, the camera feed, gRPC."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from argon2 import PasswordHasher

from services.auth.access_service import AccessService
from services.auth.audit.heads import HeadSigner
from services.auth.audit.linking import Linker
from services.auth.audit.metrics import AuditMetrics
from services.auth.audit.months import Months
from services.auth.audit.places import Places
from services.auth.audit.sealing import Sealer
from services.auth.audit.service import AuditService
from services.auth.callers import Callers
from services.auth.camera_model import CameraModel
from services.auth.client_service import ClientsService
from services.auth.config import AuthSettings
from services.auth.consent.assembly import build_consents
from services.auth.creations import Creations
from services.auth.directory.delegation import Delegation
from services.auth.directory.explanation import Explanation
from services.auth.directory.jurisdictions import Jurisdictions
from services.auth.directory.principals import Principals
from services.auth.directory.regions import Regions
from services.auth.directory.service import DirectoryService
from services.auth.housekeeping import Housekeeping
from services.auth.introspection import TokenDesk
from services.auth.key_file import read_key_file
from services.auth.passwords import Passwords
from services.auth.policy.engine import PolicyEngine
from services.auth.policy.policies import RULES, load_policies
from services.auth.publishing.keys import PublishKeys
from services.auth.publishing.service import PublishKeysService
from services.auth.refresh_token import RefreshTokenKey
from services.auth.revocation.feed import RevocationFeed, take_in
from services.auth.revocation.service import RevocationsService
from services.auth.rights import Rights
from services.auth.sight import VisibleCameras
from services.auth.sign_in.certificate_ends import CertificateEnds
from services.auth.sign_in.client_directory import ClientDirectory
from services.auth.sign_in.ways import open_ways
from services.auth.sign_in_service import SignInService
from services.auth.signing_keys import SigningKeys
from services.auth.tickets.office import TicketOffice
from services.auth.tickets.renewal import Renewals
from services.auth.tickets.revival import OwnTickets
from services.auth.tickets.service import Tickets
from services.auth.token_service import TokensService
from services.auth.tokens import Tokens
from services.auth.workspace.favourites import FavouriteDesk
from services.auth.workspace.layouts import LayoutDesk
from services.auth.workspace.service import WorkspacesService
from snowlight.access.keys import PublicKeys
from snowlight.access.revocations import Revocations
from snowlight.access.token import TokenVerifier
from snowlight.api.auth.v1 import (
    audit_pb2_grpc,
    auth_pb2_grpc,
    client_pb2_grpc,
    publish_pb2_grpc,
    revocation_pb2_grpc,
    sign_in_pb2_grpc,
    workspace_pb2_grpc,
)
from snowlight.api.ingest.v1 import camera_pb2_grpc
from snowlight.camera_feed import CameraFeed
from snowlight.database import open_database
from snowlight.readiness import Readiness
from snowlight.rpc.balancing import CONNECTION_SECONDS
from snowlight.rpc.server import Servicer
from snowlight.runtime import Runtime

MIGRATIONS = Path(__file__).parent / "migrations"


@asynccontextmanager
async def run_auth(runtime: Runtime, settings: AuthSettings) -> AsyncIterator[None]:
    """Serve auth while the context is open. Ingest may start later: its feed is followed once it does."""
    clock = runtime.clock
    policies = load_policies(settings.policy_dir or RULES)
    url = settings.database_url or f"sqlite+aiosqlite:///{runtime.cluster.data_dir / 'auth.db'}"
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_database(url, service="auth", migrations=MIGRATIONS))
        keys = SigningKeys(
            database,
            runtime.key.derive("auth-signing-key"),
            clock,
            publish_s=settings.key_publish_seconds,
            file_keys=read_key_file(settings.signing_key_file) if settings.signing_key_file else (),
        )
        await keys.load()
        passwords = Passwords(PasswordHasher(memory_cost=settings.password_memory_kib))
        stack.callback(passwords.close)
        await passwords.open()
        refresh_key = RefreshTokenKey(runtime.key.derive("auth-refresh-token"))
        tokens = Tokens(database, keys, refresh_key, clock)
        ways = await stack.enter_async_context(
            open_ways(settings.oidc_file, os.environ, database, tokens, passwords, runtime.key, clock)
        )
        channel = await stack.enter_async_context(
            runtime.channel(runtime.cluster.ingest_address, balanced=False)
        )
        cameras = CameraModel(database, clock)
        feed = CameraFeed(camera_pb2_grpc.CameraRegistryStub(channel), cameras)
        engine = PolicyEngine(policies)
        rights = Rights(engine, clock, settings.incident_number)
        office = TicketOffice(database, cameras, rights, keys, clock, max_viewers=settings.ticket_viewers)
        revocation_feed = RevocationFeed(database, clock)
        revocations = Revocations(clock)
        verifier = TokenVerifier(PublicKeys(keys.jwks_json, clock), clock, revocations)
        storage = await stack.enter_async_context(runtime.channel(runtime.cluster.storage_address))
        creations = Creations(database, clock)
        consents = build_consents(
            database,
            cameras,
            verifier,
            storage,
            creations,
            clock,
            time_zone=runtime.cluster.time_zone,
            notice_names=settings.notice_names == "person",
        )
        housekeeping = Housekeeping(keys, tokens, ways.devices, office, creations, clock)
        readiness = Readiness(database, clock)
        signer, places, audit_metrics = HeadSigner(runtime.key), Places(), AuditMetrics(runtime.registry)
        linker = Linker(database, places, clock, audit_metrics)
        sealer = Sealer(database, linker, signer, clock, lambda: readiness.skew_ms, audit_metrics)
        months = Months(database, signer, settings.audit_days, clock)
        await months.make_ahead()
        runtime.health.require("auth.database", lambda: housekeeping.database_answers)
        runtime.health.require("auth.clock", lambda: readiness.clock_agrees)
        runtime.health.require("auth.cameras", lambda: feed.complete)

        background = await stack.enter_async_context(asyncio.TaskGroup())
        for work in (
            feed.run(),
            housekeeping.run(),
            readiness.run(),
            office.run(),
            revocation_feed.run(),
            take_in(revocation_feed, revocations),
            linker.run(),
            sealer.run(),
            months.run(),
            CertificateEnds(database, clock, runtime.registry).run(),
            consents.upkeep.run(),
        ):
            stack.callback(background.create_task(work).cancel)
        delegation = Delegation(rights, verifier, clock)
        tickets = Tickets(
            office,
            OwnTickets(database, rights, clock),
            Renewals(database, rights, clock, session_tickets=settings.session_tickets),
        )
        desk = TokenDesk(database, tokens, ways.clients, verifier, clock)
        callers = Callers(runtime.tokens)
        await stack.enter_async_context(
            runtime.serve(
                settings.listen,
                Servicer(
                    "snowlight.api.auth.v1.Tokens",
                    auth_pb2_grpc.add_TokensServicer_to_server,
                    TokensService(
                        database, tokens, ways.passwords, ways.clients, ways.devices, desk, keys, callers
                    ),
                ),
                Servicer(
                    "snowlight.api.auth.v1.SignIn",
                    sign_in_pb2_grpc.add_SignInServicer_to_server,
                    SignInService(ways.passwords, ways.devices, ways.oidc, ways.account, verifier),
                ),
                Servicer(
                    "snowlight.api.auth.v1.Clients",
                    client_pb2_grpc.add_ClientsServicer_to_server,
                    ClientsService(ClientDirectory(database, clock)),
                ),
                Servicer(
                    "snowlight.api.auth.v1.Access",
                    auth_pb2_grpc.add_AccessServicer_to_server,
                    AccessService(
                        database,
                        cameras,
                        rights,
                        VisibleCameras(rights, engine, clock),
                        tickets,
                        verifier,
                        clock,
                    ),
                ),
                Servicer(
                    "snowlight.api.auth.v1.Revocations",
                    revocation_pb2_grpc.add_RevocationsServicer_to_server,
                    RevocationsService(database, revocation_feed, clock),
                ),
                Servicer(
                    "snowlight.api.auth.v1.PublishKeys",
                    publish_pb2_grpc.add_PublishKeysServicer_to_server,
                    PublishKeysService(PublishKeys(database, cameras, rights, clock), verifier),
                ),
                Servicer(
                    "snowlight.api.auth.v1.Audit",
                    audit_pb2_grpc.add_AuditServicer_to_server,
                    AuditService(database, places, linker, sealer, signer, rights, verifier, clock),
                ),
                Servicer(
                    "snowlight.api.auth.v1.Directory",
                    auth_pb2_grpc.add_DirectoryServicer_to_server,
                    DirectoryService(
                        database,
                        Regions(database, clock),
                        Principals(database, delegation, passwords, clock),
                        Jurisdictions(database, cameras, delegation, clock),
                        Explanation(database, cameras, rights, policies),
                        keys,
                        creations,
                    ),
                ),
                Servicer(
                    "snowlight.api.auth.v1.Workspaces",
                    workspace_pb2_grpc.add_WorkspacesServicer_to_server,
                    WorkspacesService(
                        LayoutDesk(database, clock), FavouriteDesk(database), creations, verifier
                    ),
                ),
                consents.servicer,
                connection_seconds=CONNECTION_SECONDS,
            )
        )
        try:
            yield
        finally:  # its streams have no end of their own: draining would wait for them
            revocation_feed.close()
