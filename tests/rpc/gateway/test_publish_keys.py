"""Keys with which cameras publish, over HTTP."""

from __future__ import annotations

from tests.rpc.gateway.street import Street

KEYS = "/v1/cameras/gate/publish-keys"


async def test_a_key_is_told_once_and_can_be_taken_back(street: Street) -> None:
    uid = await street.site.add_camera("gate", source_url="push:")
    assert (await street.done("root", "GET", "/v1/cameras/gate"))["source_url"] == "push:"
    made = await street.done("root", "POST", KEYS, {"display_name": "second"})
    assert made["name"].startswith("cameras/gate/publish-keys/")
    assert len(made["key"]) == 43
    listed = await street.done("root", "GET", KEYS)
    assert [key["name"] for key in listed["publish_keys"]] == [made["name"]]
    assert made["key"] not in str(listed)
    assert (await street.call("root", "DELETE", f"/v1/{made['name']}"))[0] == 204
    assert (await street.done("root", "GET", KEYS))["publish_keys"] == []
    assert (await street.call("root", "DELETE", f"/v1/{made['name']}"))[0] == 404
    records = await street.site.audit(camera_uid=uid, event="change")
    assert [record.action for record in records] == ["publish_key.delete", "publish_key.create"]
    assert made["key"] not in str(records)


async def test_who_may_not_change_the_camera_gets_no_key_and_that_is_on_record(street: Street) -> None:
    await street.site.add_camera("gate", source_url="push:")
    assert (await street.call("chen", "POST", KEYS, {}))[0] == 403
    assert (await street.call("chen", "GET", KEYS))[0] == 403
    assert (await street.call("away", "POST", KEYS, {}))[0] == 404
    status, problem = await street.call("root", "POST", KEYS, {"display_name": 5})
    assert (status, problem["field"]) == (400, "display_name")
