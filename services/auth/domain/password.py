"""Which passwords are good enough. Length is the contract's business."""

from collections.abc import Container

from services.kernel.errors import InvalidField

FIELD = "password"


def check_password(password: str, *, email: str, common: Container[str]) -> None:
    """Raises InvalidField for a password that an attacker tries first.

    `common` holds the most common passwords, case folded.
    """
    folded = password.casefold()
    if folded in {email.casefold(), email.casefold().rpartition("@")[0]}:
        raise InvalidField(FIELD, "The password must not be the e-mail address or a part of it.")
    if folded in common:
        raise InvalidField(FIELD, "This password is one of the most common. Choose another.")
