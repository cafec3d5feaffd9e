"""The examples of docs/sign-in.md, run as they stand there."""

import asyncio
import json
import os
import re
from pathlib import Path

import pytest

from tests.parts.part import ROOT
from tests.parts.password import PASSWORD
from tests.rpc.gateway.site import Site
from tests.rpc.gateway.test_sign_in import add_client

EXAMPLE = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.usefixtures("documented_programs")
async def test_every_example_works(site: Site, tmp_path: Path) -> None:
    client_id, secret = await add_client(site, "platform")
    box, _ = await add_client(site)
    await site.token()  # a session elsewhere, for the example to end
    examples = EXAMPLE.findall((ROOT / "docs/sign-in.md").read_text())
    assert len(examples) == 7
    script = 'set -eu\ncurl() { command curl --fail-with-body "$@"; }\n' + "\n".join(examples)
    environment = {
        **os.environ,
        **{"URL": site.url, "NAME": "chen", "WORD": PASSWORD},
        **{"CLIENT": client_id, "SECRET": secret, "BOX": box},
    }
    child = await asyncio.create_subprocess_exec(
        *("bash", "-c", script),
        cwd=tmp_path,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(child.communicate(), 60)
    assert child.returncode == 0, output.decode()
    told = output.decode()
    assert told.count('"active":true') == 2
    boxes = re.findall(r'\{"access_token".*?"Bearer"\}', told)[-1]
    assert set(json.loads(boxes)) == {"access_token", "refresh_token", "expires_in", "token_type"}
    form = {"grant_type": "password", "username": "chen", "password": f"{PASSWORD}, changed"}
    assert (await site.call("POST", "/v1/token", data=form))[0] == 200
