"""The whole cluster killed while people ask for tickets over HTTP: what they were given is on record."""

import asyncio

import aiohttp

from tests.parts.snowlight import Snowlight
from tests.person import Person, signed_in

TICKETS = 40
AT_ONCE = 4
VILLAGE = "421381101203"


async def test_a_killed_gateway_has_lost_no_entry(snowlight_all: Snowlight) -> None:
    for code, level in (("421381", "county"), (VILLAGE, "village")):
        await snowlight_all.administer(
            "create-region", "--code", code, "--level", level, "--display-name", code
        )
    password = await snowlight_all.add_operator("chen", scope="421381", line="government", role="admin")
    answered: set[str] = set()
    enough = asyncio.Event()

    async with signed_in(snowlight_all.url, "chen", password) as chen:
        await chen.add_camera("gate", region=f"regions/{VILLAGE}", source_url="rtsp://127.0.0.1:9/none")

        async def ask(worker: int) -> None:
            for number in range(10_000):
                purpose = f"{worker}-{number}"
                body = {"action": "live", "purpose": purpose}
                try:
                    answer = await chen.ask("POST", "/v1/cameras/gate/tickets", json=body)
                except aiohttp.ClientError:
                    return  # killed: what was not answered may be on record or not
                if answer.status == 200:
                    answered.add(purpose)
                if len(answered) >= TICKETS:
                    enough.set()

        async with asyncio.TaskGroup() as group:
            for worker in range(AT_ONCE):
                group.create_task(ask(worker))
            async with asyncio.timeout(60):
                await enough.wait()
            await snowlight_all.processes["all"].kill()

    await snowlight_all.start()
    auditor_password = await snowlight_all.add_operator(
        "auditor", scope="421381", line="government", role="auditor"
    )
    async with signed_in(snowlight_all.url, "auditor", auditor_password) as auditor:
        assert answered <= await _purposes(auditor)
    assert "as they were linked and signed" in await snowlight_all.administer("verify-audit")


async def _purposes(auditor: Person) -> set[str]:
    found: set[str] = set()
    token = ""
    while True:
        query = {"action": "live", "page_size": "500"} | ({"page_token": token} if token else {})
        page = await auditor.get("/v1/audit", params=query)
        found |= {record["purpose"] for record in page["records"]}
        if not (token := page["next_page_token"]):
            return found
