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
            self.folder.mkdir(parents=True, exist_ok=True)
            part.write_bytes(body)
            part.replace(self.folder / f"{name}.eml")
        except OSError as error:
            raise TemporaryFailure(f"the email folder can’t be written: {error.strerror}") from error

    def close(self) -> None:
        pass
