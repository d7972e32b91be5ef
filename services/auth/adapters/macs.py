"""MACs of API keys."""

import hmac
from dataclasses import dataclass

from services.auth.adapters.key_directory import Pepper
from services.auth.domain.api_key import Mac
from services.auth.domain.key_text import KeyText


@dataclass(frozen=True, slots=True)
class PepperedMacs:
    """Implements the port Macs by HMAC-SHA-256: fast, because 160 random bits can't be guessed."""

    # The newest first.
    peppers: tuple[Pepper, ...]

    def of(self, key: KeyText) -> Mac:
        """Returns the MAC to store, under the newest pepper."""
        return _mac(self.peppers[0], key)

    def candidates(self, key: KeyText) -> tuple[Mac, ...]:
        """Returns the MACs under which the key may be stored."""
        return tuple(_mac(pepper, key) for pepper in self.peppers)


def _mac(pepper: Pepper, key: KeyText) -> Mac:
    return Mac(pepper.pepper_id, hmac.digest(pepper.secret, key.text.encode(), "sha256"))
