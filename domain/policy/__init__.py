"""Policy (规则): parameters as data, versions that are validated as a whole, and the rules in plain words.

>>> from domain.policy import PRESETS, Policy
>>> office = PRESETS["real_estate"]
>>> policy = Policy.resolve(office.parameters, overrides=office.overrides, version=1)
>>> policy.integer("claim.extension_max"), policy.choice("claim.protection_shape")
(1, 'report_visit_deal')
"""

from domain.policy.overrides import Override
from domain.policy.parameters import JSON, PARAMETERS, Kind, Parameter
from domain.policy.policy import Policy
from domain.policy.presets import PRESETS, Preset
from domain.policy.validation import validate

__all__ = ["JSON", "PARAMETERS", "PRESETS", "Kind", "Override", "Parameter", "Policy", "Preset", "validate"]
