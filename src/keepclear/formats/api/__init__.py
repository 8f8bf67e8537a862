"""Our own JSON: what the HTTP face takes and gives, and what the client reads.

Times are RFC 3339 in UTC, lengths metres, angles degrees, latitude first. An empty string is "not yet" or "not known".
The OpenAPI page is generated from these types. Source: docs/reference/http-api.md.
"""

from keepclear.formats.api import answers, requests, stream
from keepclear.formats.api.volumes import Band, CircleJson, Volume, volume_from_api, volume_to_api

__all__ = ["Band", "CircleJson", "Volume", "answers", "requests", "stream", "volume_from_api", "volume_to_api"]
