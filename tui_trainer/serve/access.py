"""Access control: the port that the server listens on, the secret token in its address, and the check of each request.

Everybody on this machine can reach the port, and so can every page open in a browser on it. So requests need the
token, and must not come from another page. Other machines can reach the port only if the user asks for it.
"""

from __future__ import annotations

import errno
import ipaddress
import re
import secrets
import socket
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from tui_trainer.errors import UserError, quoted
from tui_trainer.system.sockets import keep_port

if TYPE_CHECKING:
    from aiohttp import web
    from aiohttp.typedefs import Middleware

LOOPBACK = "127.0.0.1"
PORT = 8000
BACKLOG = 16  # connections waiting to be accepted
HOST = re.compile(r"[A-Za-z0-9.\-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")
HEADERS = {
    "Referrer-Policy": "no-referrer",  # the address contains the token
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-cache",
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; img-src 'self' data:; "
    "connect-src {socket}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; raise UserError if that is impossible."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError):
        reason = f"{quoted(host)} is not an address of this machine; leave it out, or give one such as {LOOPBACK}"
        raise UserError("--host", reason) from None
    listener = socket.socket(family, kind, protocol)
    try:
        keep_port(listener)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise _refusal(host, port, error) from error
    return listener


def is_loopback(listener: socket.socket) -> bool:
    """Return whether only this machine can reach the socket."""
    return ipaddress.ip_address(listener.getsockname()[0].partition("%")[0]).is_loopback


def authority(listener: socket.socket) -> str:
    """Return host and port as in a URL; this machine's name if the socket listens on all its addresses."""
    host, port = listener.getsockname()[:2]
    if ipaddress.ip_address(host.partition("%")[0]).is_unspecified:
        host = socket.gethostname()
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _refusal(host: str, port: int, error: OSError) -> UserError:
    if error.errno == errno.EADDRINUSE:
        return UserError("--port", f"{port} is in use; give another one, or 0 for any that is free")
    if error.errno == errno.EACCES:
        return UserError(
            "--port", f"{port} is reserved for the system; give one from 1024 up, or 0 for any that is free"
        )
    reason = f"{quoted(host)} can't be listened on: {error.strerror}; leave it out, or give one such as {LOOPBACK}"
    return UserError("--host", reason)


def new_token() -> str:
    """Return a random token that can be part of a URL."""
    return secrets.token_urlsafe(24)


def access_control(token: str) -> Middleware:
    """Return a middleware that answers 404 to a wrong token, and 403 to requests made by other pages."""
    from aiohttp import web  # part of an extra: what the command needs before it is there without it

    @web.middleware
    async def check(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        given = request.match_info.get("word", "")
        if not secrets.compare_digest(given.encode("utf-8", "replace"), token.encode()):
            raise web.HTTPNotFound
        origin = request.headers.get("Origin")
        if not HOST.fullmatch(request.host) or (origin is not None and origin.partition("://")[2] != request.host):
            raise web.HTTPForbidden
        answer = await handler(request)
        if not answer.prepared:
            answer.headers.update(HEADERS)
        return answer

    return check
