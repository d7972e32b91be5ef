"""What auth said about a credential."""

from dataclasses import dataclass

INFERENCE_SCOPE = "inference"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a key allows."""

    key_id: str
    user_id: str
    # The account that pays.
    account_id: str
    scopes: frozenset[str]
    # Unix time; None when the key does not end by itself.
    expires_at: float | None

    def is_expired(self, now: float) -> bool:
        """Says whether the key has ended by itself."""
        return self.expires_at is not None and self.expires_at <= now
