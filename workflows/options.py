"""Time limits and retries of activities, chosen so that database limits < drain limits < the engine's own."""

from __future__ import annotations

from datetime import timedelta
from typing import TypedDict

from temporalio.common import RetryPolicy


class LocalOptions(TypedDict):
    schedule_to_close_timeout: timedelta
    start_to_close_timeout: timedelta
    local_retry_threshold: timedelta
    retry_policy: RetryPolicy


class ActivityOptions(TypedDict):
    start_to_close_timeout: timedelta
    retry_policy: RetryPolicy


#: A local drain that keeps failing would re-arm its workflow task every few seconds and add three events each time,
#: so it is bounded; the normal activity it falls back to retries without an event per try.
LOCAL_DRAIN: LocalOptions = {
    "schedule_to_close_timeout": timedelta(seconds=5),
    "start_to_close_timeout": timedelta(seconds=5),
    "local_retry_threshold": timedelta(seconds=1),
    "retry_policy": RetryPolicy(
        initial_interval=timedelta(milliseconds=50), maximum_interval=timedelta(milliseconds=200), maximum_attempts=2
    ),
}

#: For ever means for ever: a drain must succeed some day, and nothing else may stand for it.
DRAIN: ActivityOptions = {
    "start_to_close_timeout": timedelta(seconds=15),
    "retry_policy": RetryPolicy(
        initial_interval=timedelta(seconds=1), backoff_coefficient=2.0, maximum_interval=timedelta(seconds=10)
    ),
}
