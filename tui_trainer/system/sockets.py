"""Sockets: between the app and the processes that it starts, and where a process can be reached by others of its user.

The latter is a socket of the file system. Windows has none that Python knows, so there it is a port that only this
machine can reach, with a secret beside its number in a private file: each end proves to the other that it has read it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import socket
import struct
import sys
from pathlib import Path

from .private import check_private, make_private

WAITING = 4  # clients that may knock at once
PATIENCE = 2.0  # seconds

if sys.platform == "win32":
    LOOPBACK = "127.0.0.1"
    SECRET = 32  # bytes of each end's proof
    PORT = struct.Struct("<H")
    _proofs: dict[int, tuple[bytes, bytes]] = {}  # by the ports of this process: the client's proof, and ours

    def listen(folder: Path, name: str) -> socket.socket:
        """Return a socket on which others of this user may call."""
        path = address(folder, name)
        make_private(path.parent)
        listener = socket.create_server((LOOPBACK, 0), backlog=WAITING)
        port = int(listener.getsockname()[1])
        theirs, ours = _proofs[port] = secrets.token_bytes(SECRET), secrets.token_bytes(SECRET)
        with open(path, "xb") as file:
            file.write(PORT.pack(port) + theirs + ours)
        return listener

    def connect(folder: Path, name: str) -> socket.socket:
        """Return a connection to the one who listens; raise OSError if nobody answers."""
        path = address(folder, name)
        check_private(path.parent)
        content = path.read_bytes()
        if len(content) != PORT.size + 2 * SECRET:
            raise ConnectionRefusedError(f"{path} does not name a port")
        theirs, ours = content[-SECRET:], content[PORT.size : -SECRET]
        connection = socket.create_connection((LOOPBACK, PORT.unpack_from(content)[0]), PATIENCE)
        try:
            connection.sendall(ours)
            if not secrets.compare_digest(_received(connection), theirs):
                raise ConnectionRefusedError(f"another program answers at the port in {path}")
            connection.settimeout(None)
        except OSError:
            connection.close()
            raise
        _send_at_once(connection)
        return connection

    def is_own(connection: socket.socket) -> bool:
        """Return whether the same user is at the other end of a connection that was accepted."""
        theirs, ours = _proofs[connection.getsockname()[1]]
        connection.settimeout(PATIENCE)
        if not secrets.compare_digest(_received(connection), theirs):
            return False
        connection.sendall(ours)
        connection.settimeout(None)
        _send_at_once(connection)
        return True

    def address(folder: Path, name: str) -> Path:
        """Return the path of the file that says where the session listens."""
        return folder.absolute() / f"{name}.port"

    def pair() -> tuple[socket.socket, socket.socket]:
        """Return two connected sockets."""
        both = socket.socketpair()
        for connection in both:
            _send_at_once(connection)
        return both

    def keep_port(listener: socket.socket) -> None:
        """Let no other program listen on the same port, which Windows allows."""
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)

    def _received(connection: socket.socket) -> bytes:
        """Return the proof of the other end, or as much as it has sent in time."""
        proof = b""
        with contextlib.suppress(OSError):
            while len(proof) < SECRET and (more := connection.recv(SECRET - len(proof))):
                proof += more
        return proof

    def _send_at_once(connection: socket.socket) -> None:
        """Send a key's command without waiting for more."""
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

else:
    LONGEST = 100  # bytes of a socket's path: the system's limit is 104 with its end on macOS and BSDs, 108 on Linux
    ROOM = 1 << 17  # bytes that are on their way, at least: macOS has 8,192, and a picture of a tab has many more
    SHORT = Path("/tmp")  # where sockets go whose own folder has too long a path

    def listen(folder: Path, name: str) -> socket.socket:
        """Return a socket on which others of this user may call."""
        path = address(folder, name)
        make_private(path.parent)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(str(path))
        path.chmod(0o600)
        listener.listen(WAITING)
        return listener

    def connect(folder: Path, name: str) -> socket.socket:
        """Return a connection to the one who listens; raise OSError if nobody answers."""
        path = address(folder, name)
        check_private(path.parent)
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(PATIENCE)
            connection.connect(str(path))
            connection.settimeout(None)
        except OSError:
            connection.close()
            raise
        _widen(connection)
        return connection

    def is_own(connection: socket.socket) -> bool:
        """Return whether the same user is at the other end; True if the system does not say: the folder is private."""
        _widen(connection)
        for name, level, credentials in (
            ("SO_PEERCRED", socket.SOL_SOCKET, struct.Struct("@iII")),  # Linux: process, user, group
            ("LOCAL_PEERCRED", 0, struct.Struct("@IIh16I")),  # macOS, FreeBSD: version, user, count of groups, groups
        ):
            if (option := getattr(socket, name, None)) is not None:
                packed = connection.getsockopt(level, option, credentials.size)
                return (
                    int(credentials.unpack(packed[: credentials.size].ljust(credentials.size, b"\0"))[1])
                    == os.geteuid()
                )
        return True

    def address(folder: Path, name: str) -> Path:
        """Return the path of the session's socket; if it would be too long, in a short private folder."""
        usual = folder.absolute() / f"{name}.sock"
        if len(os.fsencode(usual)) <= LONGEST:
            return usual
        which = hashlib.sha256(os.fsencode(folder.absolute())).hexdigest()[:12]
        return SHORT / f"tui-trainer-{os.geteuid()}" / f"{which}-{name}.sock"

    def pair() -> tuple[socket.socket, socket.socket]:
        """Return two connected sockets."""
        both = socket.socketpair()
        for connection in both:
            _widen(connection)
        return both

    def keep_port(listener: socket.socket) -> None:
        """Take the port of a server that has just ended without waiting for its last connections."""
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)

    def _widen(connection: socket.socket) -> None:
        """Give a connection enough room, or each picture takes many turns of both processes."""
        for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
            with contextlib.suppress(OSError):  # more than the system allows
                if connection.getsockopt(socket.SOL_SOCKET, option) < ROOM:
                    connection.setsockopt(socket.SOL_SOCKET, option, ROOM)
