"""An export is taken along by a plain link: the browser writes it to disk, and no script holds it."""

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Locator, Page, Request, expect

from tests.parts.password import PASSWORD
from tests.rpc.gateway.exporting import settle_yard
from tests.rpc.gateway.site import run_site

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_what_a_click_saves_is_what_the_manifest_says(chromium: Browser, tmp_path: Path) -> None:
    async with run_site(tmp_path / "all") as site, await chromium.new_context(locale="en-US") as context:
        yard = await settle_yard(site)
        export = await yard.done("gate", "lane")
        page = await context.new_page()
        by_script: list[str] = []

        def asked(request: Request) -> None:
            if request.resource_type in ("fetch", "xhr"):
                by_script.append(request.url)

        page.on("request", asked)
        await page.goto(f"{site.url}/#/exports")
        await page.get_by_test_id("username").fill("root")
        await page.get_by_test_id("password").fill(PASSWORD)
        await page.get_by_test_id("sign-in-submit").click()
        row = page.locator(f'[data-export="{export["name"]}"]')
        await expect(row).to_have_attribute("data-state", "SUCCEEDED")

        package = await saved(page, row.get_by_test_id("export-download"), tmp_path / "package.zip")
        assert package.startswith("鄂广公立字")
        manifest = manifest_of(tmp_path / "package.zip")
        listed = {
            file["file"].rpartition("/")[2]: file["sha256"]
            for camera in manifest["cameras"]
            for file in camera["rendered"]
        }
        await row.locator("summary").click()
        files = row.get_by_test_id("export-file")
        await expect(files).to_have_count(len(listed))
        for index, name in enumerate(sorted(listed)):
            link = row.get_by_role("link", name=name)
            assert await saved(page, link, tmp_path / f"{index}.mp4") == name
            assert hashlib.sha256((tmp_path / f"{index}.mp4").read_bytes()).hexdigest() == listed[name]
        await saved(page, row.get_by_test_id("export-manifest"), tmp_path / "manifest.json")
        assert json.loads((tmp_path / "manifest.json").read_text("utf-8")) == manifest
        assert any("/v1/exports" in url for url in by_script), "this sees what scripts ask for"
        assert [url for url in by_script if "/download" in url or "/manifest" in url] == []


async def saved(page: Page, link: Locator, to: Path) -> str:
    """Click, and wait until it lies on disk; the name that the browser proposes."""
    async with page.expect_download() as downloading:
        await link.click()
    download = await downloading.value
    await download.save_as(to)
    return download.suggested_filename


def manifest_of(package: Path) -> dict[str, Any]:
    """The manifest in a package, all of whose files are what it says."""
    with zipfile.ZipFile(package) as opened:
        assert opened.testzip() is None
        (path,) = (name for name in opened.namelist() if name.endswith("/manifest.json"))
        manifest: dict[str, Any] = json.loads(opened.read(path))
        for camera in manifest["cameras"]:
            for file in camera["rendered"]:
                data = opened.read(f"{path.rpartition('/')[0]}/{file['file']}")
                assert hashlib.sha256(data).hexdigest() == file["sha256"]
    return manifest
