"""Where we may connect to on somebody's word: public addresses, looked up once and connected to as they were found."""

import ipaddress
import socket
from collections.abc import Collection
from contextlib import suppress
from http.cookiejar import DefaultCookiePolicy

import requests
from environs import ValidationError
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool
from urllib3.util.connection import create_connection

from chassis.outgoing.answers import Answer

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
# whatever else a number of IPv6 may be: a translated IPv4 address, a site-local one, what nobody has given away yet
GIVEN_AWAY = ipaddress.ip_network("2000::/3")


class Inside(OSError):
    """The name leads to an address that is not public."""


def leads_inside(error: BaseException | None) -> bool:
    """Whether that is why a connection failed: urllib3 and requests wrap what went wrong several times."""
    while error is not None:
        if isinstance(error, Inside):
            return True
        error = error.__cause__ or error.__context__
    return False


def network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text.strip())
    except ValueError as error:
        raise ValidationError("Give networks: 10.0.0.0/8, 192.0.2.7") from error


def is_public(address: str, admitted: Collection[Network]) -> bool:
    ip = ipaddress.ip_address(address.partition("%")[0])
    ip = getattr(ip, "ipv4_mapped", None) or ip
    if any(ip in each for each in admitted):
        return True
    if ip.version == 6 and (ip not in GIVEN_AWAY or ip.sixtofour or ip.teredo):
        return False
    return ip.is_global and not ip.is_multicast


class PublicOnly(HTTPAdapter):
    """Connects to an address that it has looked at itself, so that a second look-up cannot lead elsewhere."""

    def __init__(self, admitted: Collection[Network]):
        self._admitted = tuple(admitted)
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args, **kwargs):
        super().init_poolmanager(*args, **kwargs)
        admitted = self._admitted

        class Connection(HTTPSConnection):
            response_class = Answer

            def _new_conn(self):
                found = socket.getaddrinfo(self._dns_host, self.port, type=socket.SOCK_STREAM)
                addresses = list(dict.fromkeys(each[4][0] for each in found))
                if not addresses or not all(is_public(each, admitted) for each in addresses):
                    raise Inside(f"{self._dns_host} is not public")
                for address in addresses[:-1]:
                    with suppress(OSError):
                        return create_connection((address, self.port), self.timeout)
                return create_connection((addresses[-1], self.port), self.timeout)

        class Pool(HTTPSConnectionPool):
            ConnectionCls = Connection

        self.poolmanager.pool_classes_by_scheme = {"https": Pool}


def session(ca_file: str) -> requests.Session:
    """Takes no proxies from the environment and keeps no cookies."""
    made = requests.Session()
    made.trust_env = False
    made.verify = ca_file or True
    made.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return made


def public_session(admitted: Collection[Network], ca_file: str) -> requests.Session:
    made = session(ca_file)
    made.mount("https://", PublicOnly(admitted))
    made.adapters.pop("http://")
    return made
