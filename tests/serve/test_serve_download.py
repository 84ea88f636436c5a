"""A picture that the app hands to the browser: kept as a file, whatever it holds, under a harmless name."""

from __future__ import annotations

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
        answer = await client.get("/download/there")
        assert answer.status == 200 and await answer.read() == b"<svg></svg>"
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert answer.headers["Content-Disposition"] == 'attachment; filename="a____Set-Cookie__b_.._c.svg"'
        assert answer.headers["X-Content-Type-Options"] == "nosniff" and "Set-Cookie" not in answer.headers
        assert (await client.get("/download/other")).status == 404
