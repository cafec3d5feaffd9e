"""Answers what services ask about a person: one question or two hundred by the same few statements."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from services.auth.camera_model import CameraModel
from services.auth.decision import Action, Decision
from services.auth.facts import Facts
from services.auth.messages import camera_facts, window_of
from services.auth.model import Actor, AuditRecord, CameraFacts, Principal
from services.auth.region_codes import check_code
from services.auth.repository import audit
from services.auth.rights import Asked, Rights, actor_of, caller_in, check_action
from services.auth.tickets.request import check_window
from services.auth.validation import check_address, check_id, check_text, invalid, region_code
from snowlight.access.token import AccessClaims
from snowlight.api.auth.v1 import auth_pb2
from snowlight.clock import Clock
from snowlight.database import Database
from snowlight.errors import SnowlightError

MAX_TELL_MS = 31 * 86_400_000


@dataclass(frozen=True, slots=True)
class Question:
    """A request that can be answered. One of `camera_uid`, `code` (of a region) and `camera` is given."""

    action: Action
    asked: Asked
    record: bool
    camera_uid: str = ""
    code: str = ""
    camera: CameraFacts | None = None
    tell: tuple[int, int] | None = None

    @classmethod
    def of(cls, request: auth_pb2.AuthorizeRequest, caller: AccessClaims) -> "Question":
        """Raises InvalidArgumentError naming the field."""
        action = check_action(request.action)
        start_ms, end_ms = window_of(request)
        window = None if start_ms is None and end_ms is None else check_window(action, start_ms, end_ms)
        asked = Asked(caller, check_text(request.purpose, "purpose", max_length=500), window)
        tell = _check_tell(request)
        match request.WhichOneof("resource"):
            case "camera_uid":
                uid = check_id(request.camera_uid, "camera_uid")
                return cls(action, asked, request.record, camera_uid=uid, tell=tell)
            case "region":
                code = check_code(region_code(request.region, "region"), "region")
                return cls(action, asked, request.record, code=code)
            case "camera":
                return cls(action, asked, request.record, camera=camera_facts(request.camera))
        raise invalid("resource", "is required: camera_uid, region or camera")

    @property
    def region(self) -> str:
        """The code of the region that is named; "": none is."""
        return self.camera.region if self.camera is not None else self.code


class Authorization:
    """Decides, and puts on record what is to be."""

    def __init__(self, database: Database, cameras: CameraModel, rights: Rights, clock: Clock) -> None:
        self._database = database
        self._cameras = cameras
        self._rights = rights
        self._clock = clock

    async def answer_all(
        self, caller: AccessClaims, requests: Sequence[auth_pb2.AuthorizeRequest], address: str
    ) -> list[auth_pb2.AuthorizeResponse | SnowlightError]:
        """The answer to each, or what is wrong with it. Raises UnauthenticatedError when the caller exists
        no more."""
        asked = [_read(request, caller) for request in requests]
        questions = [one for one in asked if isinstance(one, Question)]
        if not questions:
            return [one for one in asked if isinstance(one, SnowlightError)]
        facts = await self._facts(caller, questions)
        principal = caller_in(facts, caller)
        actor = actor_of(principal, caller, check_address(address) if _any_recorded(questions) else "")
        answers: list[auth_pb2.AuthorizeResponse | SnowlightError] = []
        records: list[AuditRecord] = []
        for one in asked:
            try:
                if isinstance(one, SnowlightError):
                    raise one
                decision = self._decide(facts, principal, one)
                answers.append(self._answer(facts, principal, one, decision))
            except SnowlightError as error:
                answers.append(error)
                continue
            if one.record:
                records.append(self._entry(actor, one, decision))
        if records:
            async with self._database.write() as connection:
                await audit.add_all(connection, records)
        return answers

    async def _facts(self, caller: AccessClaims, questions: Sequence[Question]) -> Facts:
        """What the decisions rest on; the feed may be a moment behind a new camera."""
        uids = {one.camera_uid for one in questions} - {""}
        codes = {one.region for one in questions} - {""}
        facts = await self._read_facts(caller, uids, codes)
        unknown = uids - facts.cameras.keys()
        if not unknown:
            return facts
        await self._cameras.wait_for(unknown)
        return await self._read_facts(caller, uids, codes)

    async def _read_facts(
        self, caller: AccessClaims, camera_uids: Collection[str], codes: Collection[str]
    ) -> Facts:
        async with self._database.read() as connection:
            return await self._rights.facts(connection, [caller.principal], camera_uids, codes=codes)

    def _decide(self, facts: Facts, principal: Principal, question: Question) -> Decision:
        if question.camera is not None:
            return self._rights.on_described(
                facts, principal, question.camera, question.action, question.asked
            )
        if question.code:
            return self._rights.on_region(facts, principal, question.code, question.action)
        return self._rights.on_camera(facts, principal, question.camera_uid, question.action, question.asked)

    def _answer(
        self, facts: Facts, principal: Principal, question: Question, decision: Decision
    ) -> auth_pb2.AuthorizeResponse:
        told: list[tuple[int, int]] = []
        if question.tell is not None and decision.allowed:
            told = self._rights.told(
                facts, principal, question.camera_uid, question.action, question.asked, question.tell
            )
        return auth_pb2.AuthorizeResponse(
            allowed=decision.allowed,
            reason=decision.reason,
            principal=principal.name,
            policies=decision.policies,
            told=[auth_pb2.TimeRange(start_ms=start_ms, end_ms=end_ms) for start_ms, end_ms in told],
        )

    def _entry(self, actor: Actor, question: Question, decision: Decision) -> AuditRecord:
        return AuditRecord(
            time_ms=self._clock.now_ms(),
            event="decision",
            actor=actor,
            action=question.action,
            camera_uid=question.camera_uid,
            window=None,
            purpose=question.asked.purpose,
            allowed=decision.allowed,
            reason=decision.reason,
            policies=decision.policies,
            region=question.region,
        )


def _read(request: auth_pb2.AuthorizeRequest, caller: AccessClaims) -> Question | SnowlightError:
    try:
        return Question.of(request, caller)
    except SnowlightError as error:
        return error


def _any_recorded(questions: Sequence[Question]) -> bool:
    return any(question.record for question in questions)


def _check_tell(request: auth_pb2.AuthorizeRequest) -> tuple[int, int] | None:
    """[start, end) of what would be told, ms. Raises InvalidArgumentError."""
    if not request.HasField("tell"):
        return None
    if request.WhichOneof("resource") != "camera_uid":
        raise invalid("tell", "is of a camera_uid alone")
    start_ms, end_ms = request.tell.start_ms, request.tell.end_ms
    if not start_ms < end_ms <= start_ms + MAX_TELL_MS:
        raise invalid("tell", "must end after its start, 31 days at most")
    return start_ms, end_ms
