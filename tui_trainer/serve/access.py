"""Where the server listens: a port of this machine, and of others only where that was said."""

from __future__ import annotations

import errno
import ipaddress
import socket

from tui_trainer.errors import ExperimentError, quoted

LOOPBACK = "127.0.0.1"
PORT = 8000
WAITING = 16  # connections that may knock at once


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; ExperimentError where that can't be."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError):
        told = f"{quoted(host)} is no address of this machine; leave it out, or give one such as {LOOPBACK}"
        raise ExperimentError("--host", told) from None
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


def _refusal(host: str, port: int, error: OSError) -> ExperimentError:
    if error.errno == errno.EADDRINUSE:
        return ExperimentError("--port", f"{port} is in use; give another one, or 0 for any that is free")
    if error.errno == errno.EACCES:
        return ExperimentError("--port", f"{port} is not for users; give one from 1024 up, or 0 for any that is free")
    told = f"{quoted(host)} can't be listened on: {error.strerror}; leave it out, or give one such as {LOOPBACK}"
    return ExperimentError("--host", told)
