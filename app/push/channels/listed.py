"""Whether an address that somebody gave us may be asked: https, to a host that a setting lists. Pure.

So nobody can make us ask something of our own network.
"""

import re
from typing import Final

LENGTH_MAX: Final = 2000
# No name, no password, no fragment and nothing that two libraries could read in two ways.
_ADDRESS: Final = re.compile(r"(https?://)([a-z0-9][a-z0-9.-]*|\[::1\])(:[0-9]{1,5})?(/[!-\"$-\[\]-~]*)", re.IGNORECASE)


def origin_of(url: str, hosts: str) -> str | None:
    """Scheme, host and port of an address that may be asked; None for any other. `hosts` is the setting: comma
    separated, each a host, `*.domain`, or `http://…` of loopback.

    >>> origin_of("https://push.example.jp/1", "*.example.jp"), origin_of("http://push.example.jp/1", "*.example.jp")
    ('https://push.example.jp', None)
    """
    found = _ADDRESS.fullmatch(url)
    if found is None or len(url) > LENGTH_MAX:
        return None
    scheme, host, port = found[1].lower(), found[2].lower(), found[3] or ""
    if scheme == "https://" and port == ":443":
        port = ""
    fits = any(_fits(scheme, host + port, entry.strip().lower()) for entry in hosts.split(",") if entry.strip())
    return scheme + host + port if fits else None


def prefixes_of(hosts: str) -> list[str]:
    """With what endpoints at each service begin that the setting names whole. What only a `*.domain` names is one more
    service to us, whoever runs it.
    """
    entries = [entry.strip().lower() for entry in hosts.split(",")]
    whole = [entry for entry in entries if entry and not entry.startswith("*.")]
    return list(dict.fromkeys(f"{entry if '://' in entry else f'https://{entry}'}/" for entry in whole))


def _fits(scheme: str, host: str, entry: str) -> bool:
    """Whether an entry of the list names this host."""
    if scheme == "http://":
        return entry == scheme + host
    return host.endswith(entry[1:]) if entry.startswith("*.") else host == entry
