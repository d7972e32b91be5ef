"""Which passwords are good enough. Length is the contract's business."""

from collections.abc import Container

from services.kernel.errors import InvalidField


def check_password(password: str, *, field: str, email: str, common: Container[str]) -> None:
    """Raises InvalidField for a password that an attacker tries first.

    `common` holds the most common passwords, case folded; `field` is the request's.
    """
    folded = password.casefold()
    if folded in {email.casefold(), email.casefold().rpartition("@")[0]}:
        raise InvalidField(field, "The password must not be the e-mail address or a part of it.")
    if folded in common:
        raise InvalidField(field, "This password is one of the most common. Choose another.")
