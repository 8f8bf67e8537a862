"""One message in many languages: entries said from their codes, a language a file (T2).

Adding a language is adding one file beside this one; docs/reference/phrasebook.md says how.
"""

from keepclear.formats.phrasebook.reading import SOURCE_LANGUAGE, Phrasebook, read_phrasebook
from keepclear.formats.phrasebook.rendering import Part, Rendering, Role, Said, render, said_of
from keepclear.formats.phrasebook.signature import PhraseSignature, read_signature, sign_phrasebook, signer_of
from keepclear.formats.phrasebook.table import ROWS, required_phrases

__all__ = [
    "ROWS",
    "SOURCE_LANGUAGE",
    "Part",
    "PhraseSignature",
    "Phrasebook",
    "Rendering",
    "Role",
    "Said",
    "read_phrasebook",
    "read_signature",
    "render",
    "required_phrases",
    "said_of",
    "sign_phrasebook",
    "signer_of",
]
