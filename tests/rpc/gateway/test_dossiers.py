"""What cameras' dossiers lack, over HTTP."""

from __future__ import annotations

from tests.rpc.gateway.people import COUNTY, VILLAGE
from tests.rpc.gateway.street import Street


async def test_what_is_missing_in_dossiers_is_listed_for_who_manages_them(street: Street) -> None:
    await street.site.add_camera("bare", ownership="PUBLIC")
    dossier = {"legal_basis": "article 7", "sign": "at the pole", "siting_approval": "2026-03"}
    await street.site.add_camera("whole", ownership="PUBLIC", managing_unit="town hall", dossier=dossier)
    lacking = ["managing_unit", "legal_basis", "sign", "siting_approval"]
    assert await street.done("root", "GET", "/v1/cameras/bare/dossier") == {"missing": lacking}
    assert await street.done("root", "GET", "/v1/cameras/whole/dossier") == {"missing": []}
    listed = await street.done("root", "GET", f"/v1/dossiers:missing?region={COUNTY}")
    assert listed == {
        "dossiers": [{"camera": "cameras/bare", "missing": lacking}],
        "next_page_token": "",
    }
    status, problem = await street.call("chen", "GET", f"/v1/dossiers:missing?region={VILLAGE}")
    assert (status, problem["status"]) == (403, 403)
    status, problem = await street.call("root", "GET", "/v1/dossiers:missing")
    assert (status, problem["field"]) == (400, "region")
