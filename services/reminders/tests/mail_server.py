"""`python mail_server.py FOLDER CERTIFICATE starttls|implicit|none`: an SMTP server for tests, until it is ended.

It refuses some by their names: gone@ for good, busy@ for now, busy-once...@ the first time.
"""

import asyncio
import json
import ssl
import sys
from pathlib import Path

from aiosmtpd.smtp import SMTP

folder, certificate, tls = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
trusted = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
trusted.load_cert_chain(certificate)


class Handler:
    def __init__(self):
        self.taken = 0
        self.seen = set()

    async def handle_RCPT(self, server, session, envelope, address, options):
        name = address.partition("@")[0]
        first, _ = address not in self.seen, self.seen.add(address)
        if name == "gone":
            return "550 5.1.1 no such mailbox"
        if name == "busy" or (name.startswith("busy-once") and first):
            return "451 4.3.0 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.taken += 1
        said = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "tls": session.ssl is not None or tls == "implicit",
        }
        (folder / f"{self.taken}.eml").write_bytes(envelope.content)
        (folder / f"{self.taken}.json.new").write_text(json.dumps(said))
        (folder / f"{self.taken}.json.new").rename(folder / f"{self.taken}.json")
        return f"250 2.0.0 OK queued as {self.taken}"


async def serve() -> None:
    handler = Handler()

    def protocol():
        if tls == "starttls":
            return SMTP(handler, tls_context=trusted, require_starttls=True)
        return SMTP(handler)

    listening = await asyncio.get_running_loop().create_server(
        protocol, "127.0.0.1", 0, ssl=trusted if tls == "implicit" else None
    )
    (folder / "port.new").write_text(str(listening.sockets[0].getsockname()[1]))
    (folder / "port.new").rename(folder / "port")
    await listening.serve_forever()


asyncio.run(serve())
