"""Which service may call which method, and nobody else: what has no row here may be called by no one.

docs/between-services.md shows the same table with what each call is for.
"""

from collections.abc import Mapping, Set
from typing import Final

from snowlight.errors import PermissionDeniedError

Permissions = Mapping[str, Set[str]]
"""Callers by method ("/package.Service/Method"). A caller is a service's name, or ANYONE."""

ANYONE: Final = "anyone"
"""Also without a service token."""
_GATEWAY, _INGEST, _STORAGE, _AUTH, _ADMIN = "gateway", "ingest", "storage", "auth", "admin"
_NOBODY: Final[Set[str]] = frozenset()

_TABLE: Final[Mapping[str, Mapping[str, Set[str]]]] = {
    "grpc.health.v1.Health": {
        "Check": {ANYONE},
        "List": {ANYONE},
        "Watch": {ANYONE},
    },
    "grpc.reflection.v1alpha.ServerReflection": {
        "ServerReflectionInfo": {ANYONE},
    },
    "snowlight.api.auth.v1.Tokens": {
        "IssueToken": {ANYONE},
        "RevokeToken": {_GATEWAY},
        "IntrospectToken": {_GATEWAY},
        "GetJwks": {_GATEWAY},
    },
    "snowlight.api.auth.v1.SignIn": {
        "AuthorizeDevice": {_GATEWAY},
        "GetDevice": {_GATEWAY},
        "DecideDevice": {_GATEWAY},
        "StartOidc": {_GATEWAY},
        "FinishOidc": {_GATEWAY},
        "ChangePassword": {_GATEWAY},
        "ListSessions": {_GATEWAY},
        "EndSession": {_GATEWAY},
    },
    "snowlight.api.auth.v1.Clients": {
        "CreateClient": {_ADMIN},
        "ListClients": {_ADMIN},
        "RotateClientSecret": {_ADMIN},
        "SetClientCertificates": {_ADMIN},
        "DeleteClient": {_ADMIN},
    },
    "snowlight.api.auth.v1.Access": {
        "Authorize": {_GATEWAY},
        "BatchAuthorize": {_GATEWAY},
        "CreateTicket": {_GATEWAY},
        "BatchCreateTickets": {_GATEWAY},
        "CreateShareLink": {_GATEWAY},
        "BatchRenewTickets": {_GATEWAY},
        "ReviveTicket": {_GATEWAY},
        "RevokeTicket": {_GATEWAY},
        "ListVisibleRegions": {_GATEWAY},
        "ListVisibleCameras": {_GATEWAY},
    },
    "snowlight.api.auth.v1.Revocations": {
        "WatchRevocations": {_GATEWAY, _INGEST},
        "Revoke": {_ADMIN},
    },
    "snowlight.api.auth.v1.PublishKeys": {
        "CreatePublishKey": {_GATEWAY},
        "ListPublishKeys": {_GATEWAY},
        "DeletePublishKey": {_GATEWAY},
        "CheckPublishKey": {_INGEST},
    },
    "snowlight.api.auth.v1.Directory": {
        "CreateRegion": {_ADMIN},
        "ListRegions": {_ADMIN},
        "CreatePrincipal": {_ADMIN, _GATEWAY},
        "ListPrincipals": {_ADMIN, _GATEWAY},
        "GetPrincipal": {_ADMIN, _GATEWAY},
        "UpdatePrincipal": {_ADMIN, _GATEWAY},
        "CreateJurisdiction": {_ADMIN, _GATEWAY},
        "ListJurisdictions": {_ADMIN, _GATEWAY},
        "UpdateJurisdiction": {_GATEWAY},
        "DeleteJurisdiction": {_ADMIN, _GATEWAY},
        "ExplainDecision": {_ADMIN},
        "SetPassword": {_ADMIN},
        "ResetPassword": {_GATEWAY},
        "RotateSigningKey": {_ADMIN},
    },
    "snowlight.api.auth.v1.Audit": {
        "ListAuditRecords": {_ADMIN, _GATEWAY},
        "ListOwnAuditRecords": {_GATEWAY},
        "ExportAuditRecords": {_ADMIN, _GATEWAY},
        "GetAuditHead": {_ADMIN},
        "ListAuditHeads": {_ADMIN},
        "VerifyAudit": {_ADMIN},
        "RecordCommand": {_ADMIN},
    },
    "snowlight.api.auth.v1.Consents": {
        "CreateConsent": {_GATEWAY},
        "RecordConsent": {_ADMIN},
        "GetConsent": {_GATEWAY},
        "ListConsents": {_GATEWAY},
        "RenewConsent": {_GATEWAY},
        "WithdrawConsent": {_GATEWAY},
        "ListAllConsents": {_ADMIN},
        "ListErasures": {_GATEWAY},
        "CreateGrant": {_GATEWAY},
        "GetGrant": {_GATEWAY},
        "ListGrants": {_GATEWAY},
        "ApproveGrant": {_GATEWAY},
        "DenyGrant": {_GATEWAY},
        "WithdrawGrant": {_GATEWAY},
        "RevokeGrant": {_GATEWAY},
        "DeferNotice": {_GATEWAY},
        "ListAllGrants": {_ADMIN},
        "ListAlerts": {_GATEWAY},
        "AcknowledgeAlert": {_GATEWAY},
        "CreateSubjectRequest": {_GATEWAY},
        "ListSubjectRequests": {_GATEWAY},
        "DecideSubjectRequest": {_GATEWAY},
        "ListViews": {_GATEWAY},
        "ListNotices": {_GATEWAY},
    },
    "snowlight.api.auth.v1.Workspaces": {
        "ListWallLayouts": {_GATEWAY},
        "GetWallLayout": {_GATEWAY},
        "CreateWallLayout": {_GATEWAY},
        "UpdateWallLayout": {_GATEWAY},
        "DeleteWallLayout": {_GATEWAY},
        "GetFavourites": {_GATEWAY},
        "SetFavourites": {_GATEWAY},
    },
    "snowlight.api.ingest.v1.CameraRegistry": {
        "CreateCamera": {_GATEWAY},
        "GetCamera": {_ADMIN},
        "ListCameras": {_ADMIN},
        "UpdateCamera": {_GATEWAY},
        "BatchCreateCameras": {_GATEWAY},
        "BatchUpdateCameras": {_GATEWAY},
        "DeleteCamera": {_GATEWAY},
        "GetCameraStatus": {_GATEWAY},
        "WatchCameras": {_AUTH, _STORAGE},
    },
    "snowlight.api.ingest.v1.CameraEvents": {
        "WatchCameraEvents": {_GATEWAY},
    },
    "snowlight.api.ingest.v1.Discovery": {
        "DiscoverCameras": {_GATEWAY},
    },
    "snowlight.api.ingest.v1.OnlineRates": {
        "GetOnlineRate": {_GATEWAY},
    },
    "snowlight.api.ingest.v1.Shards": {
        "WatchShards": {_GATEWAY},
    },
    "snowlight.api.ingest.v1.Publishing": {
        "Forward": {_INGEST},
    },
    "snowlight.api.ingest.v1.HealthReports": {
        "GetCameraHealth": {_GATEWAY},
    },
    "snowlight.api.ingest.v1.Live": {
        "WatchLive": {_GATEWAY},
        "ListRenditions": {_GATEWAY},
        "ListSpool": {_GATEWAY},
        "ReadSpool": {_GATEWAY},
    },
    "snowlight.api.ingest.v1.Transcodes": {
        "Transcode": {_GATEWAY},
        "ListRungs": {_GATEWAY},
    },
    "snowlight.api.storage.v1.Storage": {
        "OpenEpoch": {_INGEST},
        "OpenEpochs": {_INGEST},
        "CommitSegments": {_INGEST},
        "ListSegments": {_GATEWAY},
        "GetTimeline": {_GATEWAY, _INGEST},
    },
    "snowlight.api.storage.v1.Stores": {
        "ListStores": {_INGEST, _ADMIN, _GATEWAY},
        "SetRegionStore": {_ADMIN},
        "DeleteRegionStore": {_ADMIN},
        "RebuildIndex": {_ADMIN},
    },
    "snowlight.api.storage.v1.Retention": {
        "GetRetentionPolicy": {_ADMIN},
        "ListRetentionPolicies": {_ADMIN, _GATEWAY},
        "SetRetentionPolicy": {_ADMIN},
        "DeleteRetentionPolicy": {_ADMIN},
        "PreviewRetention": {_ADMIN},
        "EraseFootage": {_AUTH},
    },
    "snowlight.api.storage.v1.Holds": {
        "CreateHold": {_ADMIN, _GATEWAY},
        "GetHold": {_ADMIN, _GATEWAY},
        "ListHolds": {_ADMIN, _GATEWAY},
        "ReleaseHold": {_ADMIN, _GATEWAY},
    },
    "snowlight.api.storage.v1.Exports": {
        "CreateExport": {_ADMIN, _GATEWAY},
        "GetExport": {_ADMIN, _GATEWAY},
        "ListExports": {_ADMIN, _GATEWAY},
        "CancelExport": {_ADMIN, _GATEWAY},
    },
    "snowlight.api.storage.v1.IntegrityReports": {
        "GetIntegrity": {_ADMIN, _GATEWAY},
    },
}

PERMISSIONS: Final[Permissions] = {
    f"/{service}/{method}": callers
    for service, methods in _TABLE.items()
    for method, callers in methods.items()
}


def is_open(permissions: Permissions, method: str) -> bool:
    """Whether `method` is served without a service token."""
    return ANYONE in permissions.get(method, _NOBODY)


def require_permission(permissions: Permissions, caller: str, method: str) -> None:
    """Raises PermissionDeniedError unless `caller` ("services/{name}") may call `method`."""
    if caller.removeprefix("services/") not in permissions.get(method, _NOBODY):
        raise PermissionDeniedError("rpc.method_not_allowed", f"{caller} may not call {method}")
