"""The examples of `clients/` at a door that is gone without a word: nothing waits for it for ever."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.parts.access_clients import JavaClients, python_client, run_program, running_program
from tests.parts.bureau import Bureau
from tests.players.street import GATE, Street
from tests.rpc.gateway.relay import relaying

pytestmark = pytest.mark.asyncio(loop_scope="package")

LIVE_S = 5
NOTICED_WITHIN_S = 60
"""A ping goes out after 30 s of silence, and has 10 s for its answer."""
ANSWERED_WITHIN_S = 45
"""The example waits 30 s for one answer; Java has to start, too."""


async def test_who_waits_for_pictures_or_for_one_answer_hears_of_it(
    go_client: Sequence[str], java_clients: JavaClients, street: Street, bureau: Bureau, tmp_path: Path
) -> None:
    async with asyncio.TaskGroup() as group:
        for number, command in enumerate((go_client, java_clients.client, python_client())):
            group.create_task(watches_on(command, bureau, tmp_path / f"{number}.mp4"))
            group.create_task(gives_up(command, bureau))


async def watches_on(command: Sequence[str], bureau: Bureau, film: Path) -> None:
    async with relaying(bureau.door) as relay:
        options = replace(bureau, door=relay.address).options()
        live = ("live", "-camera", f"cameras/{GATE}", "-seconds", str(LIVE_S), "-out", film)
        async with running_program((*command, *options, *live)) as watching:
            await watching.says("^first picture")
            relay.silence()
            await watching.says("^broken off: (Unavailable|UNAVAILABLE)", NOTICED_WITHIN_S)
            relay.cut()
            relay.mend()
            await watching.says("^live: ")


async def gives_up(command: Sequence[str], bureau: Bureau) -> None:
    async with relaying(bureau.door) as relay:
        relay.silence()
        options = replace(bureau, door=relay.address).options()
        told = await run_program((*command, *options, "cameras"), ANSWERED_WITHIN_S)
    assert told.status == 1
    assert told.errors
