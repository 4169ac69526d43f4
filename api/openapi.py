"""The published description of the API: what FastAPI derives from the code, and what stands in the contract's rules.

``python -m api.openapi`` writes it to ``docs/openapi.json``, where it is committed and checked.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.problems import MEDIA_TYPE
from api.routing import QUERY_LIKE
from api.schemas.base import Problem
from domain.refusals.catalogue import CATALOGUE

PATH = Path("docs/openapi.json")
_OPEN = ("/healthz", "/readyz", "/metrics")
#: Statuses any signed-in call may be answered with (contract section 1).
_ALWAYS = (400, 401, 403, 404, 409, 413, 415, 422, 429, 500, 503)
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "1–128 printable ASCII characters; the same key and body are answered the same for 24 h (INT-01).",
    # Blanks at either end do not survive HTTP.
    "schema": {"type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[!-~]([ -~]*[!-~])?$"},
}


def describe(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of ``app``."""
    found = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
    components = found.setdefault("components", {})
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    schemas = components.setdefault("schemas", {})
    schemas["Problem"] = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(schemas["Problem"].pop("$defs", {}))
    schemas["Problem"]["properties"]["code"] = {"type": "string", "enum": list(CATALOGUE)}
    # FastAPI's own shape of a 422 is not what we answer.
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for path, operations in found["paths"].items():
        for method, operation in operations.items():
            _complete(path, method, operation)
    return found


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    if path in _OPEN:
        operation["responses"].pop("422", None)
        return
    operation["security"] = [{"token": []}]
    query_like = operation.pop(f"x-{QUERY_LIKE}", False)
    answer = {"description": "A problem (RFC 9457)", "content": {MEDIA_TYPE: {"schema": _ref("Problem")}}}
    for status in _ALWAYS:
        operation["responses"][str(status)] = answer
    if method in ("post", "patch") and not query_like:
        operation.setdefault("parameters", []).append(_KEY)
        success = next(code for code in ("201", "200") if code in operation["responses"])
        # A repeated or known thing is answered 200 where a new one is 201; 202 = stored, not decided within 3 s.
        operation["responses"].setdefault("200", operation["responses"][success])
        operation["responses"].setdefault("202", operation["responses"][success])


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def text(app: FastAPI) -> str:
    """The document as it is committed."""
    return json.dumps(describe(app), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def main() -> int:
    """Write the document."""
    from api.app import described_app

    PATH.write_text(text(described_app()), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
