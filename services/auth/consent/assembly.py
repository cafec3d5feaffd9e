"""Puts consents and grants together."""

from dataclasses import dataclass

import grpc

from services.auth.camera_model import CameraModel
from services.auth.consent.alarm import AlertDesk
from services.auth.consent.consents import ConsentDesk
from services.auth.consent.decisions import DecisionDesk
from services.auth.consent.erasures import ErasureDesk
from services.auth.consent.notices import NoticeDesk
from services.auth.consent.requests import RequestDesk
from services.auth.consent.service import ConsentsService, Desks
from services.auth.consent.subjects import SubjectDesk
from services.auth.consent.upkeep import Upkeep
from services.auth.creations import Creations
from snowlight.access.token import TokenVerifier
from snowlight.api.auth.v1 import consent_pb2_grpc
from snowlight.api.storage.v1 import retention_pb2_grpc
from snowlight.clock import Clock
from snowlight.database import Database
from snowlight.rpc.server import Servicer


@dataclass(frozen=True)
class ConsentParts:
    """What auth serves, and what it does meanwhile."""

    servicer: Servicer
    upkeep: Upkeep


def build_consents(
    database: Database,
    cameras: CameraModel,
    verifier: TokenVerifier,
    storage: grpc.aio.Channel,
    creations: Creations,
    clock: Clock,
    *,
    time_zone: str,
    notice_names: bool,
) -> ConsentParts:
    """`time_zone`: of the hours of consents. `notice_names`: owners are told names of persons."""
    desks = Desks(
        ConsentDesk(database, cameras, clock, time_zone),
        ErasureDesk(database, clock),
        RequestDesk(database, cameras, clock),
        DecisionDesk(database, clock),
        AlertDesk(database, clock),
        SubjectDesk(database, cameras, clock),
        NoticeDesk(database, clock, names=notice_names),
    )
    return ConsentParts(
        Servicer(
            "snowlight.api.auth.v1.Consents",
            consent_pb2_grpc.add_ConsentsServicer_to_server,
            ConsentsService(desks, creations, verifier),
        ),
        Upkeep(database, retention_pb2_grpc.RetentionStub(storage), clock),
    )
