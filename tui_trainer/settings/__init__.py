"""The user's settings: a config file that is theirs, and what the app remembers of their choices."""

from .config import Config, read_config
from .files import config_path, memory_path
from .memory import Memory
from .schema import Markers, Notify, Settings

__all__ = ["Config", "Markers", "Memory", "Notify", "Settings", "config_path", "memory_path", "read_config"]
