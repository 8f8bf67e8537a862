"""keepclear: parties who share airspace, but no chain of command, keep out of each other's way.

ARCHITECTURE.md is the map. This module imports nothing, so that importing a part costs only that part.
"""

__version__ = "0.1.0"
