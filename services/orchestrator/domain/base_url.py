"""Where a provider's API begins.

Parsed by a grammar of our own, narrower than any library's: what two parsers could read in two
ways is refused, so that what is checked here is what Envoy connects to.
"""

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from services.kernel.errors import InvalidField
from services.orchestrator.domain.addresses import Address, is_never_provider, is_public

FIELD = "base_url"
DEFAULT_PORTS = {"http": 80, "https": 443}
PUBLIC_PORTS = frozenset({80, 443, 8443})
HOST_CHARACTERS_MAX = 253
PORT_MAX = 65535
_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)"
    r"(?::(?P<port>[0-9]{1,5}))?(?P<path>(?:/[A-Za-z0-9._~!$&'()*+,;=:@-]+)*)/?",
    re.ASCII,
)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
# A name that ends like this is an address to some parsers: 127.1, 0x7f.0.0.1, 2130706433.
_NUMERIC_LABEL = re.compile(r"[0-9]+|0x[0-9a-f]*")
_PRIVATE_SUFFIXES = ("localhost", "local", "internal", "intranet", "lan", "home", "corp", "arpa")
_NEVER_NAMES = frozenset({"metadata.google.internal", "instance-data.ec2.internal"})


@dataclass(frozen=True, slots=True)
class BaseUrl:
    """A parsed base URL in its canonical form."""

    scheme: str
    # In lower case; an IPv6 address stands without its brackets.
    host: str
    port: int
    # Begins with a slash and does not end with one; empty for the root.
    path: str

    @property
    def is_tls(self) -> bool:
        """Says whether the provider is reached over TLS."""
        return self.scheme == "https"

    @property
    def address(self) -> Address | None:
        """The address if the host is one, None if it is a name."""
        if ":" in self.host:
            return IPv6Address(self.host)
        try:
            return IPv4Address(self.host)
        except AddressValueError:
            return None

    @property
    def authority(self) -> str:
        """What a client writes into `Host`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """Whom a credential is for."""
        return f"{self.scheme}://{self.authority}"

    def __str__(self) -> str:
        return self.origin + self.path


def parse_base_url(text: str) -> BaseUrl:
    """Reads a base URL. Raises InvalidField unless everybody would read it the same way."""
    found = _URL.fullmatch(text)
    if found is None:
        raise InvalidField(
            FIELD, "base_url must be http(s)://host[:port][/path] without credentials or query."
        )
    scheme, path = found["scheme"], found["path"]
    if any(segment in {".", ".."} for segment in path.split("/")):
        raise InvalidField(FIELD, "base_url must not contain '.' or '..' segments.")
    port = int(found["port"] or DEFAULT_PORTS[scheme])
    if not 0 < port <= PORT_MAX:
        raise InvalidField(FIELD, "base_url has a port that does not exist.")
    return BaseUrl(scheme, _parse_host(found["host"].lower()), port, path)


def require_allowed(url: BaseUrl, *, allow_private: bool) -> None:
    """Raises InvalidField unless requests and credentials may be sent to the URL."""
    address = url.address
    if url.host in _NEVER_NAMES or (address is not None and is_never_provider(address)):
        raise InvalidField(FIELD, "base_url names an address that no provider can have.")
    if allow_private:
        return
    if not url.is_tls:
        raise InvalidField(FIELD, "base_url must begin with https.")
    if url.port not in PUBLIC_PORTS:
        raise InvalidField(FIELD, "base_url must use port 443, 80 or 8443.")
    if not (_is_public_name(url.host) if address is None else is_public(address)):
        raise InvalidField(FIELD, "base_url must name a host on the public internet.")


def _parse_host(host: str) -> str:
    if host.startswith("["):
        try:
            return str(IPv6Address(host[1:-1]))
        except AddressValueError:
            raise InvalidField(FIELD, "base_url has a malformed IPv6 address.") from None
    labels = host.split(".")
    if _NUMERIC_LABEL.fullmatch(labels[-1]):
        try:
            return str(IPv4Address(host))
        except AddressValueError:
            message = "base_url must spell an IPv4 address as four decimal numbers."
            raise InvalidField(FIELD, message) from None
    if len(host) > HOST_CHARACTERS_MAX or not all(map(_LABEL.fullmatch, labels)):
        raise InvalidField(FIELD, "base_url has a malformed host name.")
    return host


def _is_public_name(host: str) -> bool:
    labels = host.split(".")
    return len(labels) > 1 and labels[-1] not in _PRIVATE_SUFFIXES
