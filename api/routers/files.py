"""`/v1/files` (contract section 5)."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, File, UploadFile
from starlette.responses import Response

from api.call import TheCall
from api.commands import files as commands
from api.routing import StrictRoute
from api.schemas.base import Id
from api.schemas.files import FileOut
from domain.refusals import Refusal
from storage import files
from storage.database import Transaction

router = APIRouter(prefix="/v1/files", tags=["files"], route_class=StrictRoute)


@router.post("", status_code=201, response_model=FileOut)
def upload(call: TheCall, file: Annotated[UploadFile, File(json_schema_extra={"format": "binary"})]) -> Response:
    """Upload a picture, PDF, recording or office file: DSP-09."""
    return commands.upload(call, file.filename or "", file.file.read())


@router.get(
    "/{id}",
    response_class=Response,
    responses={200: {"content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}},
)
def download(call: TheCall, id: Id) -> Response:
    """A file as an attachment, for its uploader and for readers of the claims it goes with: DSP-09, AUD-04."""

    def work(tx: Transaction) -> Response:
        row = commands.visible_file(tx, call.caller, id)
        content = files.content_of(tx, call.services.settings.file_folder, row)
        if content is None:
            raise Refusal("not_found")
        name = quote(files.name_of(tx, row) or "file", safe="")
        return Response(
            content,
            media_type=row["media_type"],
            headers={
                "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
                "X-Content-Type-Options": "nosniff",
                "Content-Security-Policy": "sandbox",
                "Cache-Control": "private, no-store",
            },
        )

    return call.read(work)
