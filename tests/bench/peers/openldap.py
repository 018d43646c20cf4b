"""OpenLDAP with the same people, as the peer of the search: its server, begun empty, and a client that costs little.

The names are kept folded, as ours are, and each word is looked for anywhere in them: OpenLDAP's index knows parts of
words, not their beginnings.
"""

import base64
import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from deploy.local import ports
from deploy.local.state import CHECKOUT
from tests.bench.client import Wrong

SLAPD = Path("/usr/sbin/slapd")
ATTRIBUTES = (b"cn", b"folded", b"title", b"ou", b"telephoneNumber", b"mail")
CONFIGURATION = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
attributetype ( 1.3.6.1.4.1.99999.1.1 NAME 'folded' EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
objectclass ( 1.3.6.1.4.1.99999.2.1 NAME 'searched' SUP top AUXILIARY MAY folded )
modulepath /usr/lib/ldap
moduleload back_mdb
loglevel none
threads 4
sizelimit unlimited
pidfile {folder}/slapd.pid
database mdb
suffix "dc=bench"
directory {folder}/data
maxsize 8589934592
index objectClass eq
index cn,folded eq,sub,pres
access to * by * read
"""


def install() -> bool:
    """Whether slapd is there; it is installed if we may."""
    if not SLAPD.exists() and os.geteuid() == 0 and shutil.which("apt-get"):
        script = CHECKOUT / "deploy/local/install-packages.sh"
        subprocess.run(["bash", script, "slapd"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return SLAPD.exists()


@contextlib.contextmanager
def serving(folder: Path, people: Iterable) -> Iterator[int]:
    """A server with these people (id, name, folded, title, unit_name, phone, email), at the port that is answered."""
    (folder / "data").mkdir(parents=True)
    configuration = folder / "slapd.conf"
    configuration.write_text(CONFIGURATION.format(folder=folder))
    data = folder / "people.ldif"
    with data.open("w") as file:
        file.write("dn: dc=bench\nobjectClass: dcObject\nobjectClass: organization\ndc: bench\no: bench\n\n")
        file.writelines(_entry(person) for person in people)
    subprocess.run(["/usr/sbin/slapadd", "-q", "-f", configuration, "-l", data], check=True, capture_output=True)
    (port,) = ports.free(1)
    command = [SLAPD, "-d", "0", "-f", configuration, "-h", f"ldap://127.0.0.1:{port}"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            yield _up(port)
        finally:
            server.terminate()
            server.wait(20)
            shutil.rmtree(folder)


def _up(port: int) -> int:
    for _ in range(100):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return port
        time.sleep(0.1)
    raise Wrong("slapd does not answer")


def _entry(person) -> str:
    surname = person.name.split()[0]
    lines = {
        "cn": person.name, "sn": surname, "uid": str(person.id), "folded": person.folded.strip(),
        "title": person.title, "ou": person.unit_name, "telephoneNumber": person.phone, "mail": person.email,
    }  # fmt: skip
    head = f"dn: uid={person.id},dc=bench\nobjectClass: inetOrgPerson\nobjectClass: searched\n"
    return head + "".join(map(_line, lines.items())) + "\n"


def _line(item: tuple[str, str]) -> str:
    name, value = item
    return f"{name}: {value}\n" if value.isascii() else f"{name}:: {base64.b64encode(value.encode()).decode()}\n"


class Client:
    """Binds and searches over one connection: BER by hand, no more of it than that takes."""

    def __init__(self, port: int):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._number = 0
        self._came = b""
        self._send(_tlv(0x60, _integer(3) + _tlv(0x04, b"") + _tlv(0x80, b"")))
        self._message()

    def find(self, words: list[str], limit: int = 20) -> int:
        """How many were found."""
        parts = [
            _tlv(0xA4, _tlv(0x04, b"folded") + _tlv(0x30, _tlv(0x81, word.encode()))) for word in words
        ]  # fmt: skip
        wanted = parts[0] if len(parts) == 1 else _tlv(0xA0, b"".join(parts))
        self._send(_tlv(
            0x63,
            _tlv(0x04, b"dc=bench") + _tlv(0x0A, b"\1") + _tlv(0x0A, b"\0") + _integer(limit) + _integer(0)
            + _tlv(0x01, b"\0") + wanted + _tlv(0x30, b"".join(_tlv(0x04, name) for name in ATTRIBUTES)),
        ))  # fmt: skip
        found = 0
        while (kind := self._message()) == 0x64:
            found += 1
        if kind != 0x65:
            raise Wrong(f"slapd answered {kind:#x}")
        return found

    def close(self) -> None:
        self._socket.close()

    def _send(self, operation: bytes) -> None:
        self._number = self._number % 100 + 1
        self._socket.sendall(_tlv(0x30, _integer(self._number) + operation))

    def _message(self) -> int:
        """The kind of the next answer."""
        body = self._read(self._length())
        return body[2 + body[1]]  # after the number

    def _length(self) -> int:
        head = self._read(2)
        if head[1] < 0x80:
            return head[1]
        return int.from_bytes(self._read(head[1] & 0x7F), "big")

    def _read(self, count: int) -> bytes:
        while len(self._came) < count:
            if not (piece := self._socket.recv(262_144)):
                raise Wrong("slapd closed the connection")
            self._came += piece
        found, self._came = self._came[:count], self._came[count:]
        return found


def _tlv(tag: int, value: bytes) -> bytes:
    size = len(value)
    if size < 0x80:
        return bytes((tag, size)) + value
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + value


def _integer(value: int) -> bytes:
    return _tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))
