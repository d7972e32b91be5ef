"""Amounts on the wire: `google.type.Money` <-> whole nano-dollars."""

from google.type import money_pb2

from services.kernel.errors import InvalidField
from services.kernel.money import CURRENCY, NANOS_PER_DOLLAR

NANOS_MAX = 2**62


def to_money(nanos: int) -> money_pb2.Money:
    """Returns an amount as Money. Units and nanos have the same sign."""
    sign = -1 if nanos < 0 else 1
    units, rest = divmod(abs(nanos), NANOS_PER_DOLLAR)
    return money_pb2.Money(currency_code=CURRENCY, units=sign * units, nanos=sign * rest)


def from_money(money: money_pb2.Money, *, field: str) -> int:
    """Returns Money as nano-dollars. Raises InvalidField when it is not a valid USD amount."""
    if money.currency_code not in {CURRENCY, ""}:
        raise InvalidField(f"{field}.currency_code", f"{field} must be in {CURRENCY}.")
    if abs(money.nanos) >= NANOS_PER_DOLLAR or money.units * money.nanos < 0:
        raise InvalidField(f"{field}.nanos", f"{field} is not a valid amount.")
    nanos = money.units * NANOS_PER_DOLLAR + money.nanos
    if abs(nanos) > NANOS_MAX:
        raise InvalidField(f"{field}.units", f"{field} is too large.")
    return nanos
