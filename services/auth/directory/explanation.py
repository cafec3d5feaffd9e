"""A dry run: how an action would be decided, and why."""

from collections.abc import Sequence

from services.auth.camera_model import CameraModel
from services.auth.decision import Decision
from services.auth.facts import Facts
from services.auth.messages import window_of
from services.auth.model import CameraFacts, Principal
from services.auth.policy.engine import Subject
from services.auth.policy.policies import PolicySet
from services.auth.region_codes import check_code
from services.auth.rights import Asked, Rights, check_action
from services.auth.tickets.request import check_window
from services.auth.validation import check_id, check_text, invalid, region_code
from snowlight.access.token import AccessClaims
from snowlight.api.auth.v1 import auth_pb2
from snowlight.database import Database
from snowlight.errors import NotFoundError


class Explanation:
    """Decides as `Rights` does, opens nothing, and tells what the decision rests on."""

    def __init__(self, database: Database, model: CameraModel, rights: Rights, policies: PolicySet) -> None:
        self._database = database
        self._model = model
        self._rights = rights
        self._policies = policies

    async def of(self, request: auth_pb2.ExplainDecisionRequest) -> auth_pb2.ExplainDecisionResponse:
        """Raises InvalidArgumentError naming the field, and NotFoundError for a principal or camera."""
        action = check_action(request.action)
        start_ms, end_ms = window_of(request)
        named = "-" if request.named else ""
        asked = Asked(
            AccessClaims(request.principal, acting_person=named, acting_unit=named, acting_reason=named),
            check_text(request.purpose, "purpose", max_length=500),
            None if start_ms is None and end_ms is None else check_window(action, start_ms, end_ms),
        )
        match request.WhichOneof("resource"):
            case "camera_uid":
                uid = check_id(request.camera_uid, "camera_uid")
                await self._model.wait_for([uid])
                facts, principal = await self._facts(request.principal, uids=[uid])
                if uid not in facts.cameras:
                    raise NotFoundError("camera.not_found", "there is no such camera", field="camera_uid")
                camera = facts.cameras[uid]
                decision = self._rights.on_camera(facts, principal, uid, action, asked)
                told = f"{_camera_facts(camera)} in={_around(facts, camera.region)}"
            case "region":
                code = check_code(region_code(request.region, "region"), "region")
                facts, principal = await self._facts(request.principal, codes=[code])
                decision = self._rights.on_region(facts, principal, code, action)
                told = f"region in={_around(facts, code)}"
            case _:
                raise invalid("resource", "is required: camera_uid or region")
        return auth_pb2.ExplainDecisionResponse(
            allowed=decision.allowed,
            reason=decision.reason,
            policies=self._texts(decision),
            principal_facts=_principal_facts(facts.subject(principal)),
            resource_facts=told,
        )

    async def _facts(
        self, name: str, *, uids: Sequence[str] = (), codes: Sequence[str] = ()
    ) -> tuple[Facts, Principal]:
        async with self._database.read() as connection:
            facts = await self._rights.facts(connection, [name], uids, codes=codes)
        if name not in facts.principals:
            raise NotFoundError("auth.principal_unknown", "there is no such principal", field="principal")
        return facts, facts.principals[name]

    def _texts(self, decision: Decision) -> list[auth_pb2.PolicyText]:
        texts = [self._policies.by_id[policy_id] for policy_id in decision.policies]
        return [
            auth_pb2.PolicyText(policy=text.policy_id, english=text.english, chinese=text.chinese)
            for text in texts
        ]


def _around(facts: Facts, code: str) -> str:
    return "<".join(facts.chains.get(code, ())) or "nowhere"


def _principal_facts(subject: Subject) -> str:
    principal = subject.principal
    return (
        f"kind={principal.kind} line={principal.line} tier={principal.tier} "
        f"roles={','.join(sorted(principal.roles))} scope={principal.scope_name} "
        f"shared={','.join(subject.shared) or '-'} organisation={principal.organisation or '-'} "
        f"disabled={str(principal.disabled).lower()}"
    )


def _camera_facts(camera: CameraFacts) -> str:
    return (
        f"ownership={camera.ownership or '-'} owner={camera.owner or '-'} operator={camera.operator or '-'} "
        f"listed={str(camera.listed_for_residents).lower()} deleted={str(camera.deleted).lower()}"
    )
