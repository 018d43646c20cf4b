"""Promise S13, of the repository: no file of it holds a secret."""

import re
import subprocess
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
SECRETS = {
    "a private key": rb"-----BEGIN [A-Z ]*PRIVATE KEY",
    "a private JWK": rb'"d" ?: ?"[\w-]{40,}"',
    "a cloud's key": rb"\b(AKIA[0-9A-Z]{16}|AIza[\w-]{35}|xox[abprs]-[\w-]{10,}|gh[pousr]_\w{30,}|sk_live_\w{10,})\b",
    "a signed token": rb"\beyJ[\w-]{20,}\.eyJ[\w-]{20,}",
    "an address with a password": rb"\b(amqps?|postgres(ql)?|smtps?|https?)://[\w.-]+:(?P<password>[^\s/@:\"'`{}<>$]{3,})@",
}
PLACEHOLDERS = {b"password", b"secret", b"topsecret", b"hidden", b"word", b"...", b"b%C3%AD%20m%E1%BA%ADt"}
PLACEHOLDERS |= {b"p%40ss%2Fword"}
ARE_SECRETS = (".pem", ".key", ".keys", ".p12", ".pfx", ".jks", ".env", "id_rsa", "id_ed25519", "accounts.json")


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=CHECKOUT, capture_output=True, check=True).stdout
    return [CHECKOUT / name for name in listed.decode().split("\0") if name]


def found_in(content: bytes) -> list[str]:
    return [
        what
        for what, pattern in SECRETS.items()
        for found in re.finditer(pattern, content)
        if found.groupdict().get("password") not in PLACEHOLDERS
    ]


def test_no_file_holds_a_secret():
    files = [file for file in tracked() if file.is_file()]
    assert len(files) > 500
    assert [file.name for file in files if file.name.endswith(ARE_SECRETS)] == []
    assert {file.name: found for file in files if (found := found_in(file.read_bytes()))} == {}


def test_what_it_looks_for_is_found():
    key = b"-----BEGIN EC " + b"PRIVATE KEY-----"
    for text in (
        key,
        b'{"kty": "OKP", "d": "%s"}' % (b"a" * 43),
        b"amqp://" + b"congvu:h4rdly@host",
        b"AKIA" + b"A" * 16,
    ):
        assert len(found_in(text)) == 1, text
    assert found_in(b"postgresql://congvu:password@host") == []
