"""Who is let in: whoever knows the secret word, from no page but ours.

Everybody on this machine can reach the port, and so can every page that is open in a browser here.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Middleware

HOST = re.compile(r"[A-Za-z0-9.\-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")
HEADERS = {
    "Referrer-Policy": "no-referrer",  # the address holds the word
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-cache",
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; img-src 'self' data:; "
    "connect-src {socket}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def new_word() -> str:
    """A word that nobody guesses, fit for an address."""
    return secrets.token_urlsafe(24)


def guard(word: str) -> Middleware:
    """Answers nobody else: 404 for another word, 403 for what another page has made the browser ask."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        said = request.match_info.get("word")
        if said is not None and not secrets.compare_digest(said.encode("utf-8", "replace"), word.encode()):
            raise web.HTTPNotFound
        origin = request.headers.get("Origin")
        if not HOST.fullmatch(request.host) or (origin is not None and origin.partition("://")[2] != request.host):
            raise web.HTTPForbidden
        answer = await handler(request)
        if not answer.prepared:
            answer.headers.update(HEADERS)
        return answer

    return check
