"""Snowlight starts and stops as a process, whole and in parts."""

import aiohttp

from tests.parts.snowlight import SERVICES, Snowlight


async def status(url: str) -> int:
    async with aiohttp.ClientSession() as http, http.get(url) as response:
        return response.status


async def test_the_embedded_default_survives_a_kill_and_stops_in_order(snowlight_all: Snowlight) -> None:
    process = snowlight_all.processes["all"]
    assert await status(f"{snowlight_all.url}/v1/openapi.json") == 200
    await process.kill()
    process.start()
    await process.wait_ready()
    assert await status(f"{snowlight_all.url}/v1/openapi.json") == 200
    assert await process.stop() == 0


async def test_each_service_runs_as_its_own_process(snowlight_separate: Snowlight) -> None:
    assert set(snowlight_separate.processes) == set(SERVICES)
    assert await status(f"{snowlight_separate.url}/v1/openapi.json") == 200
    await snowlight_separate.administer(
        *("create-region", "--code", "421381", "--level", "county", "--display-name", "广水市")
    )
    await snowlight_separate.add_operator("duty", scope="regions/421381", line="government", role="admin")
    assert '"username": "duty"' in await snowlight_separate.administer("list-principals")
    assert await snowlight_separate.processes["storage"].stop() == 0
