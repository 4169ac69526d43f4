"""Files (附件): which kinds are taken, told by their content and not by what the sender says (DSP-09)."""

from domain.files.kinds import FAMILIES, FileKind, family_of, recognise

__all__ = ["FAMILIES", "FileKind", "family_of", "recognise"]
