"""Money lent to this proxy, and the holds it takes from it without asking.

A lease grants an amount in total. What was charged and what is held for requests under way is taken
from it; the rest is free for the next request.
"""

from dataclasses import dataclass

# A lease should last this long at the account's pace, so that billing may be away meanwhile.
COVER_SECONDS = 60.0
# What a lease asks for at first, as a multiple of the first hold, and the least worth asking for.
FIRST_HOLDS = 50
TARGET_NANOS_MIN = 50_000_000
# Below this share of its target, a lease is refilled in the background.
LOW_SHARE = 0.5
IDLE_SECONDS = 30.0
# A lease is renewed when it would end within this time, besides the longest request.
RENEW_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Grant:
    """What billing says about a lease."""

    lease_id: str
    granted: int
    consumed: int
    # Unix time.
    expires_at: float


@dataclass(slots=True)
class Lease:
    """The lease of one account. Amounts are nano-dollars, times are Unix time."""

    lease_id: str
    account_id: str
    granted: int
    expires_at: float
    settled: int = 0
    held: int = 0
    open_holds: int = 0
    last_used_at: float = 0.0
    _paced_at: float = 0.0
    _pace: float = 0.0

    @property
    def free(self) -> int:
        """What the next hold can be taken from."""
        return self.granted - self.settled - self.held

    @property
    def committed(self) -> int:
        """What must not be given back."""
        return self.settled + self.held

    def lasts(self, until: float) -> bool:
        """Says whether the lease is still in force at a time."""
        return self.expires_at > until

    def hold(self, amount: int, *, now: float) -> bool:
        """Takes a hold if enough is free; says whether it did."""
        if amount > self.free:
            return False
        self.restore_hold(amount)
        self.last_used_at = now
        return True

    def restore_hold(self, amount: int) -> None:
        """Takes a hold that was granted before, whether or not it still fits."""
        self.held += amount
        self.open_holds += 1

    def settle(self, hold: int, *, amount: int, now: float) -> None:
        """Ends a hold with what the request cost."""
        self.held -= hold
        self.open_holds -= 1
        self.settled += amount
        self._measure_pace(amount, now)

    def is_low(self, hold: int) -> bool:
        """Says whether to ask for more before somebody has to wait for it."""
        return self.free < self._wanted(hold) * LOW_SHARE

    def target(self, hold: int) -> int:
        """Returns what the lease should grant in total to cover the account's pace."""
        return max(self.granted, self.committed + self._wanted(hold))

    @staticmethod
    def first_target(hold: int) -> int:
        """Returns what the first lease of an account should grant."""
        return max(hold * FIRST_HOLDS, TARGET_NANOS_MIN)

    def is_idle(self, now: float) -> bool:
        """Says whether the free part should be given back."""
        return not self.open_holds and self.free > 0 and now - self.last_used_at > IDLE_SECONDS

    def _wanted(self, hold: int) -> int:
        return max(hold * FIRST_HOLDS, int(self._pace * COVER_SECONDS), TARGET_NANOS_MIN)

    def _measure_pace(self, amount: int, now: float) -> None:
        # Nano-dollars per second, as a moving average over about COVER_SECONDS.
        elapsed = max(0.0, now - self._paced_at) if self._paced_at else 0.0
        self._pace = self._pace * max(0.0, 1 - elapsed / COVER_SECONDS) + amount / COVER_SECONDS
        self._paced_at = now
