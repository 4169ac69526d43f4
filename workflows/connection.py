"""How every process talks to the engine: one client configuration for API, worker, tools and replay."""

from __future__ import annotations

import uuid
from dataclasses import replace

import structlog
import temporalio.api.failure.v1
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import DataConverter, DefaultFailureConverter, PayloadConverter
from temporalio.exceptions import ApplicationError, FailureError

_log = structlog.get_logger("fairclaim.engine")


class BareFailureConverter(DefaultFailureConverter):
    """Failures as code and error id: no message, trace or cause, for they may hold names and numbers (AUD-03)."""

    def to_failure(
        self,
        exception: BaseException,
        payload_converter: PayloadConverter,
        failure: temporalio.api.failure.v1.Failure,
    ) -> None:
        if isinstance(exception, FailureError) and not isinstance(exception, ApplicationError):
            # The engine's own: cancelled, timed out, an activity that failed. Its shape matters, its words do not.
            super().to_failure(exception, payload_converter, failure)
            _strip(failure)
            return
        error_id = str(uuid.uuid4())
        code = type(exception).__name__
        if isinstance(exception, ApplicationError) and exception.type:
            code = exception.type
        _log.error("failure", error_id=error_id, error=code)
        failure.message = f"{code} {error_id}"
        failure.application_failure_info.SetInParent()
        failure.application_failure_info.type = code
        if isinstance(exception, ApplicationError):
            failure.application_failure_info.non_retryable = exception.non_retryable


def _strip(failure: temporalio.api.failure.v1.Failure) -> None:
    failure.message = failure.WhichOneof("failure_info") or "failure"
    failure.stack_trace = ""
    if failure.HasField("cause"):
        cause = failure.cause
        if cause.HasField("application_failure_info"):
            cause.message = cause.application_failure_info.type
            cause.stack_trace = ""
            cause.application_failure_info.ClearField("details")
            cause.ClearField("cause")
        else:
            _strip(cause)


#: Dataclasses and nothing personal; the same converter on client, worker and replayer.
DATA_CONVERTER: DataConverter = replace(pydantic_data_converter, failure_converter_class=BareFailureConverter)


async def connect(
    address: str, *, namespace: str, api_key: str | None = None, lazy: bool = False, identity: str | None = None
) -> Client:
    """A client of the engine at ``address``. ``lazy`` connects at the first call, so that an API starts without one."""
    return await Client.connect(
        address,
        namespace=namespace,
        data_converter=DATA_CONVERTER,
        api_key=api_key,
        tls=api_key is not None,
        lazy=lazy,
        identity=identity,
    )
