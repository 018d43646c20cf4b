"""Ports on the loopback."""

import contextlib
import socket

from deploy.local.terminal import Refusal


def free(count: int) -> list[int]:
    """Ports that nobody uses now, all different."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def require_free(host: str, port: int, variable: str) -> None:
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except socket.gaierror as error:
        raise Refusal(f"Wrong setting: CONGVU_HTTP_HOST: {host} is not an address of this machine.") from error
    except PermissionError as error:
        raise Refusal(f"Port {port} is reserved to root: choose another by {variable}.") from error
    except OSError as error:
        if error.errno == 98:
            raise Refusal(f"Port {port} on {host} is taken: choose another by {variable}.") from error
        raise Refusal(f"Wrong setting: CONGVU_HTTP_HOST: {host} is not an address of this machine.") from error


def is_open(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False
