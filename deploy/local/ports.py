"""Ports on the loopback."""

import random
import socket
from itertools import islice
from pathlib import Path

from deploy.local.terminal import Refusal

LOWEST, ROOM, HIGHEST = 10_000, 1000, 65_536
OUTGOING = Path("/proc/sys/net/ipv4/ip_local_port_range")  # what the kernel gives to connections that somebody opens


def free(count: int) -> list[int]:
    """Ports that nobody uses now, all different. Where the kernel leaves room none of those that outgoing connections
    get: such a one could be taken before the server listens for which it is meant, or while that is being restarted.
    """
    first_outgoing = int(OUTGOING.read_text().split()[0])
    end = first_outgoing if first_outgoing > LOWEST + ROOM else HIGHEST
    return list(islice(filter(_is_free, random.sample(range(LOWEST, end), end - LOWEST)), count))


def _is_free(port: int) -> bool:
    try:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
    except OSError:
        return False
    return True


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
