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
#: Sent by people who have no token: not yet, or never.
_UNSIGNED = ("/v1/join", "/v1/confirmations/{code}")
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
#: Headers of answers (contract section 1).
_HEADERS: dict[str, Any] = {
    "X-Request-Id": {
        "description": "Names this request in logs and problems",
        "required": True,
        "schema": {"type": "string", "format": "uuid"},
    },
    "Idempotency-Replayed": {
        "description": "The answer was given before under the same key",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "Location": {
        "description": "Where to ask how the stored command stands",
        "required": True,
        "schema": {"type": "string", "pattern": "^/v1/commands/[0-9a-f-]{36}$"},
    },
    "WWW-Authenticate": {"required": True, "schema": {"type": "string", "enum": ["Bearer"]}},
}
#: Problems whose answer has headers of its own.
_PROBLEMS = {"401": ("NotSignedIn", ("WWW-Authenticate",)), "409": ("Conflict", ("Idempotency-Replayed",))}


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
            _complete(path, method, operation, schemas)
    components["headers"] = _HEADERS
    components["responses"] = {
        "Problem": _problem(),
        **{name: _problem(*headers) for name, headers in _PROBLEMS.values()},
    }
    return found


def _complete(path: str, method: str, operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    responses = operation["responses"]
    for response in responses.values():
        response["headers"] = _headers("X-Request-Id")
    if path in _OPEN:
        responses.pop("422", None)
        return
    if path not in _UNSIGNED:
        operation["security"] = [{"token": []}]
    query_like = operation.pop(f"x-{QUERY_LIKE}", False)
    for status in map(str, _ALWAYS):
        if status == "401" and path in _UNSIGNED:
            continue
        name, _ = _PROBLEMS.get(status, ("Problem", ()))
        responses[status] = {"$ref": f"#/components/responses/{name}"}
    if method in ("post", "patch") and not query_like:
        operation.setdefault("parameters", []).append(_KEY)
        success = responses[next(code for code in ("201", "200") if code in responses)]
        for code in {"200", "201"} & responses.keys():
            responses[code]["headers"] |= _headers("Idempotency-Replayed")
        # A repeated or known thing is answered 200 where a new one is 201; 202 = stored, not decided within 3 s.
        responses.setdefault("200", success)
        responses["202"] = success | {"headers": success["headers"] | _headers("Location")}
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if body is not None and not schemas[body["schema"]["$ref"].rpartition("/")[2]].get("required"):
        # Where nothing needs to be said, nothing may be sent.
        operation["requestBody"]["required"] = False


def _problem(*headers: str) -> dict[str, Any]:
    return {
        "description": "A problem (RFC 9457)",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        "headers": _headers("X-Request-Id", *headers),
    }


def _headers(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


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
