"""Outgoing calls to addresses that people typed in: only to the public internet, checked at connect time.

The name is resolved once, every address it has must be public, and the connection goes to the very
address that was checked, so that a name which changes its mind in between gains nothing.
"""

import asyncio
import ipaddress
import logging
import socket
import ssl
from dataclasses import dataclass
from functools import cache
from time import monotonic

import httpx
from django.conf import settings

from oms.core.errors import Invalid

# Its log line would hold the whole address, and with it whatever key the receiver put there.
logging.getLogger("httpx").setLevel(logging.WARNING)
PORTS = frozenset({443, 8443})
SECONDS = 15.0
_V6_PUBLIC = ipaddress.ip_network("2000::/3")
# Private, shared, reserved and documentation networks; then tunnels that carry a v4 address inside.
_NEVER_V4 = (
    "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 "
    "192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4"
)
_NEVER_V6 = "2001::/23 2001:db8::/32 2002::/16 3fff::/20"
_NEVER = [ipaddress.ip_network(text) for text in f"{_NEVER_V4} {_NEVER_V6}".split()]


class AddressRefused(Invalid):
    """This address is not one we call: https, a usual port and a public host are needed."""

    code = "address-refused"


@dataclass(frozen=True, slots=True)
class Target:
    """Where to connect, and which name to ask for there."""

    url: httpx.URL
    host: str
    address: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: the status, how long to wait if told so, and the time it took."""

    status: int
    retry_after: str
    milliseconds: int


def is_public(text: str) -> bool:
    """Whether the address belongs to the public internet, however it is written."""
    address = ipaddress.ip_address(text.partition("%")[0])
    # Mapped, translated and local addresses all lie outside the public third of IPv6.
    if isinstance(address, ipaddress.IPv6Address) and address not in _V6_PUBLIC:
        return False
    return address.is_global and not any(
        address in network for network in _NEVER if network.version == address.version
    )


def checked_url(text: str) -> httpx.URL:
    """The URL itself, when its shape allows a call.

    Raises ``AddressRefused`` otherwise; the name is not looked up yet.
    """
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, TypeError, ValueError):
        raise AddressRefused("This is not an address.") from None
    if not url.host or url.userinfo or url.fragment:
        raise AddressRefused("The address needs a host, and neither a user nor a fragment.")
    if _private_is_allowed() and url.scheme in ("http", "https"):
        return url
    if url.scheme != "https":
        raise AddressRefused("Only https addresses are called.")
    if (url.port or 443) not in PORTS:
        raise AddressRefused(f"Only the ports {', '.join(map(str, sorted(PORTS)))} are called.")
    return url


async def resolved(url: httpx.URL) -> Target:
    """The one address to connect to.

    Raises ``AddressRefused`` when the name is unknown or leads anywhere but the public internet.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            url.host.strip("[]"), url.port or 443, type=socket.SOCK_STREAM
        )
    except (OSError, UnicodeError):
        raise AddressRefused(f"The name {url.host} leads nowhere.") from None
    addresses = [str(entry[4][0]) for entry in found]
    if not addresses:
        raise AddressRefused(f"The name {url.host} leads nowhere.")
    if not _private_is_allowed() and not all(is_public(address) for address in addresses):
        raise AddressRefused(f"The name {url.host} leads into a private network.")
    address = addresses[0]
    return Target(url, url.host, address)


def post(text: str, *, body: bytes, headers: dict[str, str]) -> Reply:
    """Send the body and read the status, all within a time limit; redirects are not followed.

    Raises ``AddressRefused``, ``TimeoutError`` or ``httpx.HTTPError``.
    """
    return asyncio.run(asyncio.wait_for(_post(checked_url(text), body, headers), SECONDS))


async def _post(url: httpx.URL, body: bytes, headers: dict[str, str]) -> Reply:
    started = monotonic()
    target = await resolved(url)
    limits = httpx.Timeout(SECONDS)
    # No proxy of the surroundings: it would look the name up once more.
    async with httpx.AsyncClient(
        verify=_trusted(), trust_env=False, follow_redirects=False, timeout=limits
    ) as client:
        request = client.build_request(
            "POST",
            url.copy_with(host=target.address),
            content=body,
            headers={**headers, "Host": url.netloc.decode("ascii")},
            extensions={"sni_hostname": target.host},
        )
        response = await client.send(request, stream=True)
        try:
            # The answer's body is nobody's business, and might never end.
            spent = int((monotonic() - started) * 1000)
            return Reply(response.status_code, response.headers.get("retry-after", ""), spent)
        finally:
            await response.aclose()


def _private_is_allowed() -> bool:
    # For simulators of partners on the same machine, never for a shop.
    return bool(getattr(settings, "WEBHOOK_ALLOW_PRIVATE", False))


@cache
def _trusted() -> ssl.SSLContext:
    return ssl.create_default_context()
