"""The settings of auth."""

from dataclasses import dataclass
from pathlib import Path

from services.chassis.environment import SettingsError
from services.chassis.settings import DatabaseSettings, read_secret


@dataclass(frozen=True, kw_only=True)
class AuthSettings(DatabaseSettings):
    """What auth needs besides what every service with a database needs."""

    # Holds the peppers and the signing keys; they are made at the first start.
    keys_directory: Path
    # The first operator is created from these two when there is none yet.
    operator_email: str = ""
    operator_password_file: Path | None = None

    def operator_password(self) -> str:
        """Reads the first operator's password; empty when none is wanted. Raises SettingsError."""
        if not self.operator_email:
            return ""
        if self.operator_password_file is None:
            raise SettingsError("AGG_OPERATOR_EMAIL needs AGG_OPERATOR_PASSWORD_FILE")
        return read_secret(self.operator_password_file)
