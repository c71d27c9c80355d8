"""Write each email to a .eml file named by its Message-ID: an email that is sent twice is stored once."""

import hashlib
import os
from pathlib import Path

from notifications.channels import TemporaryFailure


class FolderChannel:
    def __init__(self, folder: str) -> None:
        self.folder = Path(folder)

    def send(self, to: str, message_id: str, body: bytes) -> None:
        name = hashlib.sha256(message_id.encode()).hexdigest()[:32]
        part = self.folder / f"{name}.{os.getpid()}.part"
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write_private(part, body)
            part.replace(self.folder / f"{name}.eml")
        except OSError as error:
            raise TemporaryFailure(f"the email folder can’t be written: {error.strerror}") from error

    def close(self) -> None:
        pass


def _write_private(path: Path, body: bytes) -> None:
    """Only for the account of the service, whatever its umask: an email may hold a link that opens an account."""
    with os.fdopen(os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(body)
