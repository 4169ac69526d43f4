"""Customer identity (客户身份): normalised keys, masks, and what a look-up may answer (CUS-01 to 04, 08, 09).

>>> from domain.customers import CustomerKind, Identity, match_values, require_identity
>>> values = match_values(Identity(kind=CustomerKind.PERSON, name="王小明", phone="138 1234 5678"), region="CN")
>>> require_identity(values, groups=[["phone"]])
((('phone', '+8613812345678'),),)
"""

from domain.customers.credit_code import normalise_credit_code
from domain.customers.email import Email, domain_key, mask_email, normalise_email
from domain.customers.fields import STR_MAX, TEXT_MAX, has_lone_surrogate, has_nul, is_clean_text
from domain.customers.identity import (
    KEY_FIELDS,
    Identity,
    KeyGroups,
    KeyPair,
    MatchValues,
    match_values,
    require_identity,
    strong_groups,
    weak_keys,
)
from domain.customers.lookup import Answer, OwnerNameVisibility, answer, shows_owner_name
from domain.customers.names import CustomerKind, mask_person_name, normalise_name, query_words, search_words, surname
from domain.customers.phone import (
    MaskedPhone,
    MaskPattern,
    Phone,
    is_phone_region,
    mask_phone,
    normalise_phone,
    require_phone_mode,
)

__all__ = [
    "KEY_FIELDS",
    "STR_MAX",
    "TEXT_MAX",
    "Answer",
    "CustomerKind",
    "Email",
    "Identity",
    "KeyGroups",
    "KeyPair",
    "MaskPattern",
    "MaskedPhone",
    "MatchValues",
    "OwnerNameVisibility",
    "Phone",
    "answer",
    "domain_key",
    "has_lone_surrogate",
    "has_nul",
    "is_clean_text",
    "is_phone_region",
    "mask_email",
    "mask_person_name",
    "mask_phone",
    "match_values",
    "normalise_credit_code",
    "normalise_email",
    "normalise_name",
    "normalise_phone",
    "query_words",
    "require_identity",
    "require_phone_mode",
    "search_words",
    "shows_owner_name",
    "strong_groups",
    "surname",
    "weak_keys",
]
