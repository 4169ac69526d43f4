"""What a new policy version is made of (POL-03, POL-04): an earlier version, a preset, and what its author sets.

The result is what the version says by itself: :func:`domain.policy.validation.validate` checks it afterwards, so
nothing here minds what a value looks like.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from domain.policy.presets import Preset


def drafted(
    parameters: Mapping[str, Any],
    overrides: Sequence[Any] | None,
    *,
    preset: Preset | None = None,
    base_parameters: Mapping[str, Any] | None = None,
    base_overrides: Sequence[Any] = (),
) -> tuple[dict[str, Any], list[Any]]:
    """Parameters and overrides, both still unchecked: the base version under the preset under what is given.

    ``overrides`` None keeps those beneath. Given ones replace those of the base version; beside a preset they are
    added to the preset's, one with the same conditions in its stead.
    """
    values = {**(base_parameters or {}), **(preset.parameters if preset else {}), **parameters}
    loaded = [override.as_json() for override in preset.overrides] if preset else []
    if overrides is None:
        return values, _laid_over(base_overrides, loaded)
    return values, _laid_over(loaded, overrides)


def _laid_over(beneath: Sequence[Any], above: Sequence[Any]) -> list[Any]:
    """Both, without those beneath whose conditions stand above as well."""
    conditions = [_conditions(item) for item in above]
    return [*(item for item in beneath if _conditions(item) not in conditions), *above]


def _conditions(item: Any) -> Any:
    return item.get("when") if isinstance(item, Mapping) else None
