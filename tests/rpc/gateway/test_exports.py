"""Footage taken along: rendered, in a package, and verified where there is no Snowlight."""

import io
from pathlib import Path

import av
import pytest

from snowlight.evidence.signature import evidence_key
from snowlight.evidence.verification import verify
from tests.rpc.gateway.exporting import STRETCH_S, Yard, settle_yard
from tests.rpc.gateway.footage import FRAMES_PER_SECOND
from tests.rpc.gateway.site import Site


@pytest.fixture
async def yard(site: Site) -> Yard:
    return await settle_yard(site)


async def test_an_export_plays_and_is_verified(yard: Yard, tmp_path: Path) -> None:
    export = await yard.done("gate")
    assert (export["state"], export["error"]) == ("SUCCEEDED", "")
    (file,) = export["files"]
    assert (file["camera"], file["duration_ms"]) == ("cameras/gate", 2 * STRETCH_S * 1000)

    status, headers, data = await yard.load(f"/v1/{export['name']}/download?file={file['file']}")
    assert (status, headers["Content-Type"], len(data)) == (200, "video/mp4", file["size"])
    with av.open(io.BytesIO(data), "r") as container:
        pictures = [frame.time for frame in container.decode(video=0)]
    assert len(pictures) == 2 * STRETCH_S * FRAMES_PER_SECOND
    assert pictures[0] == 0
    assert pictures[-1] == pytest.approx(2 * STRETCH_S - 1 / FRAMES_PER_SECOND)

    manifest = await yard.unpack(export["name"], tmp_path / "package")
    verdict = verify(manifest, evidence_key(yard.site.runtime.key))
    assert verdict.problems == []
    assert (verdict.rendered, verdict.rendered_alone) == (1, True)
    (camera,) = verdict.manifest.cameras
    first, second = camera.rendered[0].parts
    assert second.offset_ms == STRETCH_S * 1000
    assert [(gap.start, gap.end) for gap in camera.gaps] == [(first.end, second.start)]
    assert (await yard.load(f"/v1/{export['name']}/manifest"))[2] == manifest.read_bytes()


async def test_several_cameras_are_one_package(yard: Yard, tmp_path: Path) -> None:
    export = await yard.done("gate", "lane")
    manifest = await yard.unpack(export["name"], tmp_path / "package")
    verdict = verify(manifest)
    assert verdict.problems == []
    assert [camera.uid for camera in verdict.manifest.cameras] == list(yard.uids.values())
    names = sorted(path.name for path in (manifest.parent / "rendered").iterdir())
    assert [name.partition("_")[0] for name in names] == ["gate", "lane"]
    text = (manifest.parent / "README.txt").read_text("utf-8-sig")
    assert "snowlight verify manifest.json" in text
    assert "盗窃" not in text, "what it is about stands in the signed list alone"
    assert export["case_number"] in text

    changed = manifest.parent / "rendered" / names[0]
    changed.write_bytes(changed.read_bytes()[:-1] + b"\0")
    assert [problem.partition(":")[0] for problem in verify(manifest).problems] == [f"rendered/{names[0]}"]
