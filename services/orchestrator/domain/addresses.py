"""Which addresses a provider may have (against SSRF)."""

from ipaddress import IPv4Address, IPv6Address, ip_network

# No provider is ever there: this host, its link, a cloud's metadata, groups, nobody.
_NEVER = tuple(
    ip_network(block)
    for block in (
        "0.0.0.0/8",
        "100.100.100.200/32",
        "169.254.0.0/16",
        "192.0.0.192/32",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/128",
        "fd00:ec2::/32",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
    )
)
# Not the public internet (IANA's special-purpose registry). Python's own list depends on its
# version, so it is not asked.
_PRIVATE_V4 = tuple(
    ip_network(block)
    for block in (
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
    )
)
_GLOBAL_V6 = ip_network("2000::/3")
# Tunnels that lead to IPv4 addresses of anyone's choice, documentation, and protocols' own.
_SPECIAL_V6 = tuple(
    ip_network(block) for block in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)

Address = IPv4Address | IPv6Address


def is_never_provider(address: Address) -> bool:
    """Says whether no provider may have the address, wherever the platform runs."""
    plain = _unwrapped(address)
    return any(plain in block for block in _NEVER)


def is_public(address: Address) -> bool:
    """Says whether the address belongs to the public internet."""
    plain = _unwrapped(address)
    if is_never_provider(plain):
        return False
    if isinstance(plain, IPv4Address):
        return not any(plain in block for block in _PRIVATE_V4)
    return plain in _GLOBAL_V6 and not any(plain in block for block in _SPECIAL_V6)


def _unwrapped(address: Address) -> Address:
    """Returns the IPv4 address that an IPv6 spelling stands for."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
