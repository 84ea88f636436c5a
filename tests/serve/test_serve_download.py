"""A picture that the app hands to the browser: kept as a file, whatever it holds, under a harmless name."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from aiohttp import test_utils

    from tui_trainer.serve import server
else:
    test_utils = pytest.importorskip("aiohttp.test_utils", reason="textual-serve is not installed")
    server = pytest.importorskip("tui_trainer.serve.server", reason="textual-serve is not installed")


class Downloads:
    """One picture, in two pieces."""

    async def get_download_metadata(self, key: str) -> Any:
        return {"there": SimpleNamespace(file_name='a";\r\nSet-Cookie: b/../c.svg')}[key]

    async def download(self, key: str) -> AsyncIterator[bytes]:
        for chunk in (b"<svg>", b"</svg>"):
            yield chunk


async def test_a_picture_is_a_file_and_no_page() -> None:
    serving = server.TabServer([])
    serving._downloads = Downloads()  # type: ignore[assignment]
    async with test_utils.TestClient(test_utils.TestServer(serving._application())) as client:
        assert (await client.get("/download/there")).status == 404
        assert (await client.get("/other/download/there")).status == 404
        answer = await client.get(f"/{serving._token}/download/there")
        assert answer.status == 200 and await answer.read() == b"<svg></svg>"
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert answer.headers["Content-Disposition"] == 'attachment; filename="a____Set-Cookie__b_.._c.svg"'
        assert answer.headers["X-Content-Type-Options"] == "nosniff" and "Set-Cookie" not in answer.headers
        assert (await client.get(f"/{serving._token}/download/other")).status == 404


def test_the_terminals_script_opens_downloads_as_the_page_expects_it() -> None:
    """Else ``page.js``, which adds the secret word, would not find what to change."""
    script = (server.STATICS / "js" / "textual.js").read_text(encoding="utf-8")
    address = re.search(r"(\w+)=`\$\{window\.location\.origin\}/download/", script)
    assert address is not None and f'window.open({address[1]},"_blank")' in script
    assert "${location.origin}/download/" in server.SCRIPT.read_text(encoding="utf-8")


async def test_nothing_but_the_page_is_there_without_the_word() -> None:
    serving = server.TabServer([])
    application = serving._application()
    paths = {resource.canonical for resource in application.router.resources()}
    assert paths and all(path.startswith("/{word}/") for path in paths)
    async with test_utils.TestClient(test_utils.TestServer(application)) as client:
        for path in (*paths, *(path.replace("/{word}", "") for path in paths), "/", "/favicon.ico", "/%2e%2e/"):
            for method in ("GET", "HEAD", "POST", "OPTIONS"):
                answer = await client.request(method, path)
                assert answer.status in (404, 405) and len(await answer.read()) < 100
