"""A county where admins give rights to others: its people, and what is done in their names."""

from collections.abc import Awaitable
from typing import Any

from snowlight.api.auth.v1 import auth_pb2
from snowlight.rpc.status import remote_errors
from tests.parts.password import PASSWORD
from tests.rpc.auth.cluster import Auth

COUNTY, TOWN, OTHER_TOWN, PROVINCE = "371326", "371326101", "371326102", "37"


async def settle_pingyi(auth: Auth) -> None:
    """A province and a county with two towns; a camera and an admin in the first town."""
    await auth.add_region(PROVINCE, auth_pb2.PROVINCE)
    await auth.add_region(COUNTY, auth_pb2.COUNTY)
    await auth.add_region(TOWN, auth_pb2.TOWN)
    await auth.add_region(OTHER_TOWN, auth_pb2.TOWN)
    await auth.registry.put("gate", TOWN)
    await auth.add_person("town.admin", auth_pb2.ADMIN, scope=TOWN)


async def behalf(auth: Auth, username: str = "town.admin") -> auth_pb2.OnBehalfOf:
    """In the name of somebody who has signed in."""
    return auth_pb2.OnBehalfOf(
        access_token=(await auth.sign_in(username)).access_token, remote_address="192.0.2.9"
    )


async def told(answer: Awaitable[Any]) -> Any:
    """What auth answers. Raises its errors as ours."""
    with remote_errors("services/auth"):
        return await answer


async def create(auth: Auth, who: str = "town.admin", **fields: Any) -> auth_pb2.Principal:
    """A viewer of the first town, made by `who`, unless `fields` say otherwise."""
    draft: dict[str, Any] = {
        "username": "new",
        "line": auth_pb2.GOVERNMENT,
        "roles": [auth_pb2.VIEWER],
        "scope": f"regions/{TOWN}",
    }
    request = auth_pb2.CreatePrincipalRequest(
        principal=auth_pb2.Principal(**(draft | fields)),
        password=PASSWORD,
        on_behalf_of=await behalf(auth, who),
    )
    created: auth_pb2.Principal = await told(auth.directory.CreatePrincipal(request))
    return created


async def update(auth: Auth, name: str, who: str = "town.admin", **fields: Any) -> auth_pb2.Principal:
    """Change the fields that are named, by `who`."""
    etag = fields.pop("etag", "")
    request = auth_pb2.UpdatePrincipalRequest(
        principal=auth_pb2.Principal(name=name, etag=etag, **fields), on_behalf_of=await behalf(auth, who)
    )
    request.update_mask.paths.extend(fields)
    changed: auth_pb2.Principal = await told(auth.directory.UpdatePrincipal(request))
    return changed


async def allowed(auth: Auth, username: str, action: str, **resource: str) -> bool:
    """Whether auth allows it on a `camera_uid` or a `region`."""
    token = (await auth.sign_in(username)).access_token
    answer = await auth.access.Authorize(
        auth_pb2.AuthorizeRequest(
            access_token=token,
            action=action,
            camera_uid=resource.get("camera_uid", ""),
        )
        if "camera_uid" in resource
        else auth_pb2.AuthorizeRequest(access_token=token, action=action, region=resource["region"])
    )
    return answer.allowed
