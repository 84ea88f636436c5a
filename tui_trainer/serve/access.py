"""Where the server listens: a port of this machine, and of others only where that was said."""

from __future__ import annotations

import errno
import ipaddress
import re
import secrets
import socket
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Middleware

from tui_trainer.errors import UserError, quoted

LOOPBACK = "127.0.0.1"
PORT = 8000
WAITING = 16  # connections that may knock at once
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


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; ExperimentError where that can't be."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError):
        told = f"{quoted(host)} is no address of this machine; leave it out, or give one such as {LOOPBACK}"
        raise UserError("--host", told) from None
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # the port of a server that has just ended
        listener.bind(address)
        listener.listen(WAITING)
    except OSError as error:
        listener.close()
        raise _refusal(host, port, error) from error
    return listener


def is_loopback(listener: socket.socket) -> bool:
    """Whether no other machine can reach it."""
    return ipaddress.ip_address(listener.getsockname()[0].partition("%")[0]).is_loopback


def place_of(listener: socket.socket) -> str:
    """Host and port as they are written in an address; a name of this machine where all its addresses are meant."""
    host, port = listener.getsockname()[:2]
    if ipaddress.ip_address(host.partition("%")[0]).is_unspecified:
        host = socket.gethostname()
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _refusal(host: str, port: int, error: OSError) -> UserError:
    if error.errno == errno.EADDRINUSE:
        return UserError("--port", f"{port} is in use; give another one, or 0 for any that is free")
    if error.errno == errno.EACCES:
        return UserError("--port", f"{port} is not for users; give one from 1024 up, or 0 for any that is free")
    told = f"{quoted(host)} can't be listened on: {error.strerror}; leave it out, or give one such as {LOOPBACK}"
    return UserError("--host", told)


def new_token() -> str:
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
