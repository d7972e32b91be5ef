"""Exact amounts. An amount is a whole number of nano-dollars (1e-9 USD), never a float."""

NANOS_PER_DOLLAR = 1_000_000_000
NANOS_PER_CENT = 10_000_000
CURRENCY = "USD"


def divide_half_even(numerator: int, denominator: int) -> int:
    """Divides two whole numbers and rounds once, half to even (IEEE 754 roundTiesToEven).

    The denominator must be positive.
    """
    quotient, remainder = divmod(numerator, denominator)
    twice = 2 * remainder
    if twice > denominator or (twice == denominator and quotient % 2):
        quotient += 1
    return quotient
