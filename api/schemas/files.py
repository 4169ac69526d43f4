"""Files (contract section 5)."""

from __future__ import annotations

from api.schemas.base import Output


class FileOut(Output):
    """An uploaded file; what it holds is had by `GET /v1/files/{id}` only."""

    id: str
    name: str
    media_type: str
    size: int
    sha256: str
