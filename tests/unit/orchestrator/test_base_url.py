"""Which base URLs a provider may have; most of these are spellings that other parsers let pass."""

import pytest

from services.kernel.errors import InvalidField
from services.orchestrator.domain.base_url import parse_base_url, require_allowed

PUBLIC = {
    "https://api.openai.com/v1": "https://api.openai.com/v1",
    "https://api.openai.com/v1/": "https://api.openai.com/v1",
    "https://API.OpenAI.com": "https://api.openai.com",
    "https://api.openai.com:443/v1": "https://api.openai.com/v1",
    "https://api.openai.com:8443": "https://api.openai.com:8443",
    "https://api.openai.com:80/": "https://api.openai.com:80",
    "https://xn--mnchen-3ya.example/a/b-c_d": "https://xn--mnchen-3ya.example/a/b-c_d",
    "https://8.8.8.8/v1": "https://8.8.8.8/v1",
    "https://[2606:4700:4700:0:0::1111]/v1": "https://[2606:4700:4700::1111]/v1",
    "https://[::ffff:8.8.8.8]": "https://[::ffff:808:808]",
    "https://1e100.net": "https://1e100.net",
}

PRIVATE = [
    "http://api.openai.com/v1",
    "https://api.openai.com:22",
    "https://api.openai.com:3002",
    "https://localhost",
    "https://LOCALHOST/v1",
    "https://api.localhost",
    "https://intranet",
    "https://redis.internal",
    "https://printer.local",
    "https://router.lan",
    "https://1.0.0.127.in-addr.arpa",
    "https://127.0.0.1",
    "https://127.8.8.8",
    "https://10.0.0.1",
    "https://10.255.255.255",
    "https://172.16.0.1",
    "https://172.31.255.255",
    "https://192.168.1.1",
    "https://100.64.0.1",
    "https://100.127.255.255",
    "https://192.0.0.1",
    "https://192.0.0.9",
    "https://192.0.2.1",
    "https://192.88.99.1",
    "https://198.18.0.1",
    "https://198.19.255.255",
    "https://198.51.100.1",
    "https://203.0.113.1",
    "https://[::1]",
    "https://[0:0:0:0:0:0:0:1]",
    "https://[::ffff:127.0.0.1]",
    "https://[::ffff:7f00:1]",
    "https://[::ffff:10.0.0.1]",
    "https://[::127.0.0.1]",
    "https://[64:ff9b::7f00:1]",
    "https://[64:ff9b:1::a00:1]",
    "https://[100::1]",
    "https://[2001::1]",
    "https://[2001:db8::1]",
    "https://[2002:7f00:1::]",
    "https://[2002:a9fe:a9fe::]",
    "https://[3fff::1]",
    "https://[5f00::1]",
    "https://[fc00::1]",
    "https://[fd12:3456::1]",
]

NEVER = [
    "http://0.0.0.0",
    "http://0.1.2.3",
    "http://169.254.169.254/latest/meta-data",
    "http://169.254.170.2/v2",
    "http://100.100.100.200",
    "http://192.0.0.192",
    "http://224.0.0.1",
    "http://239.255.255.250",
    "http://240.0.0.1",
    "http://255.255.255.255",
    "http://[::]",
    "http://[::ffff:169.254.169.254]",
    "http://[::ffff:a9fe:a9fe]",
    "http://[::ffff:0.0.0.0]",
    "http://[fd00:ec2::254]",
    "http://[fe80::1]",
    "http://[fec0::1]",
    "http://[ff02::1]",
    "http://metadata.google.internal/computeMetadata/v1",
    "http://METADATA.google.internal",
]

MALFORMED = [
    "",
    "api.openai.com",
    "//api.openai.com",
    "ftp://api.openai.com",
    "file:///etc/passwd",
    "HTTPS://api.openai.com",
    "https:/api.openai.com",
    "https:///v1",
    "https://",
    "https://user@api.openai.com",
    "https://user:word@api.openai.com",
    "https://api.openai.com@127.0.0.1",
    "https://api.openai.com#@127.0.0.1",
    "https://api.openai.com?x=1",
    "https://api.openai.com/v1?x=1",
    "https://api.openai.com/v1#x",
    "https://api.openai.com\\@127.0.0.1",
    "https://127.0.0.1\t.example.com",
    "https://127.0.0.1\r\nhost: x",
    "https://api.openai.com/v1\n",
    " https://api.openai.com",
    "https://api.openai.com\x00.example",
    "https://127.1",
    "https://127.0.1",
    "https://2130706433",
    "https://0x7f000001",
    "https://0x7f.0.0.1",
    "https://127.0.0.0x1",
    "https://127.0.0.0x",
    "https://0177.0.0.1",
    "https://017700000001",
    "https://127.0.0.01",
    "https://127.0.0.256",
    "https://1.2.3.4.5",
    "https://foo.1",
    "https://127.0.0.1.",
    "https://localhost.",
    "https://api.openai.com.",
    "https://.openai.com",
    "https://api..com",
    "https://-api.openai.com",
    "https://api-.openai.com",
    "https://127。0。0。1",
    "https://\uff11\uff12\uff17.0.0.1",
    "https://①②⑦.⓪.⓪.①",
    "https://ⓛocalhost",
    "https://l\u043ecalhost",
    "https://127.0.0.1%2eexample.com",
    "https://%6c%6f%63alhost",
    "https://[fe80::1%25eth0]",
    "https://[fe80::1%eth0]",
    "https://[::1",
    "https://::1",
    "https://[]",
    "https://[1.2.3.4]",
    "https://[::g]",
    "https://[:::1]",
    "https://[v1.x]",
    "https://api.openai.com:",
    "https://api.openai.com:0",
    "https://api.openai.com:65536",
    "https://api.openai.com:99999",
    "https://api.openai.com:\uff1443",
    "https://api.openai.com:443:80",
    "https://api.openai.com/../v1",
    "https://api.openai.com/v1/..",
    "https://api.openai.com/./v1",
    "https://api.openai.com//v1",
    "https://api.openai.com/v1//",
    "https://api.openai.com/%2e%2e/v1",
    "https://api.openai.com/v1\\..",
    "https://api.openai.com/v 1",
    "https://api.openai.com/é",
    "https://" + "a" * 64 + ".com",
    "https://" + "a." * 127 + "com",
]


@pytest.mark.parametrize(("text", "canonical"), PUBLIC.items())
def test_a_public_url_is_kept_in_canonical_form(text: str, canonical: str) -> None:
    url = parse_base_url(text)

    require_allowed(url, allow_private=False)

    assert str(url) == canonical
    assert parse_base_url(canonical) == url


@pytest.mark.parametrize("text", PRIVATE)
def test_a_private_url_needs_permission(text: str) -> None:
    url = parse_base_url(text)

    require_allowed(url, allow_private=True)
    with pytest.raises(InvalidField) as refusal:
        require_allowed(url, allow_private=False)

    assert refusal.value.field == "base_url"


@pytest.mark.parametrize("text", NEVER)
def test_an_address_of_no_provider_is_refused_even_with_permission(text: str) -> None:
    with pytest.raises(InvalidField, match="no provider"):
        require_allowed(parse_base_url(text), allow_private=True)


@pytest.mark.parametrize("text", MALFORMED)
def test_a_url_that_could_be_read_in_two_ways_is_refused(text: str) -> None:
    with pytest.raises(InvalidField):
        parse_base_url(text)


def test_the_parts_of_a_url() -> None:
    url = parse_base_url("http://127.0.0.1:9000/demo/v1/")

    assert (url.host, url.port, url.path) == ("127.0.0.1", 9000, "/demo/v1")
    assert (url.authority, url.origin) == ("127.0.0.1:9000", "http://127.0.0.1:9000")
    assert not url.is_tls


def test_the_authority_of_an_ipv6_address_has_brackets() -> None:
    assert parse_base_url("https://[2606:4700::1]:8443").authority == "[2606:4700::1]:8443"
