"""Many questions about one person at once: each is answered, and put on record, by itself."""

import pytest

from snowlight.api.auth.v1 import auth_pb2
from snowlight.errors import InvalidArgumentError, UnauthenticatedError
from snowlight.rpc.status import remote_errors
from tests.rpc.auth.cluster import Auth
from tests.rpc.auth.test_tickets import authorize, pingyi, token_of, until_known

__all__ = ["pingyi"]
Question = auth_pb2.AuthorizeRequest
VILLAGE = "regions/371326101201"


async def ask(auth: Auth, token: str, *questions: Question) -> list[auth_pb2.AuthorizeResult]:
    batch = auth_pb2.BatchAuthorizeRequest(access_token=token, requests=questions, remote_address="192.0.2.7")
    with remote_errors("services/auth"):
        return list((await auth.access.BatchAuthorize(batch)).results)


def described(region: str, action: str = "camera.manage") -> Question:
    facts = auth_pb2.CameraFacts(region=region, ownership="public")
    return Question(action=action, camera=facts, record=True)


async def test_each_is_answered_as_if_it_were_asked_alone(auth: Auth) -> None:
    token = await token_of(auth, "li", auth_pb2.ADMIN)
    await until_known(auth, "gate")
    resources = (
        ("camera.manage", {"camera_uid": "gate"}),
        ("live", {"camera_uid": "gate"}),
        ("hold", {"camera_uid": "none"}),
        ("camera.manage", {"region": VILLAGE}),
        ("camera.manage", {"region": "regions/421381"}),
        ("camera.manage", {"camera": auth_pb2.CameraFacts(region=VILLAGE, ownership="public")}),
        ("camera.manage", {"camera": auth_pb2.CameraFacts(region="regions/421381", ownership="public")}),
    )
    alone = [await authorize(auth, token, action, **resource) for action, resource in resources]
    results = await ask(auth, token, *(Question(action=action, **one) for action, one in resources))
    assert [result.response for result in results] == alone
    assert {answer.allowed for answer in alone} == {True, False}


async def test_each_decision_is_on_record_whichever_way_it_went(auth: Auth) -> None:
    token = await token_of(auth, "li", auth_pb2.ADMIN)
    await ask(
        auth,
        token,
        described(VILLAGE),
        described("regions/421381"),
        Question(action="camera.read", region=VILLAGE),
        described(VILLAGE, "camera.assign"),
    )
    records = (await auth.audit())[::-1]
    assert [(one.action, one.region, one.allowed) for one in records] == [
        ("camera.manage", "371326101201", True),
        ("camera.manage", "421381", False),
        ("camera.assign", "371326101201", True),
    ]
    assert {one.remote_address for one in records} == {"192.0.2.7"}


async def test_what_cannot_be_asked_is_a_problem_of_that_question(auth: Auth) -> None:
    token = await token_of(auth, "li", auth_pb2.ADMIN)
    results = await ask(
        auth,
        token,
        Question(action="fly", region=VILLAGE),
        described("nowhere"),
        Question(action="hold", region=VILLAGE),
        Question(action="live"),
        described(VILLAGE),
    )
    assert [one.problem.field for one in results[:4]] == ["action", "region", "action", "resource"]
    assert results[4].response.allowed
    assert len(await auth.audit()) == 1


async def test_a_batch_is_one_persons_and_of_two_hundred(auth: Auth) -> None:
    token = await token_of(auth, "li", auth_pb2.ADMIN)
    assert len(await ask(auth, token, *[described(VILLAGE)] * 200)) == 200
    for questions in ([], [described(VILLAGE)] * 201):
        with pytest.raises(InvalidArgumentError) as refused:
            await ask(auth, token, *questions)
        assert refused.value.field == "requests"
    with pytest.raises(UnauthenticatedError):
        await ask(auth, "forged", described(VILLAGE))
