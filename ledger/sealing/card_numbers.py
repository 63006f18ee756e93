"""Card numbers in free text: found by issuer prefix, length and check digit, so that none is ever recorded.

Only free text and customers' references are searched. Tracking numbers, other references and SKUs are long
numbers by nature and have their own grammars (`api.grammars`); a payment token is refused if it is nothing
but a card number.

Source: R-D4
"""

import re
import unicodedata

_BETWEEN = r"[\W_xX]{0,5}"
"""What people put between the groups of a card number: any signs, as in `(4111) - (1111)`, or an x."""
_LONG_ENOUGH = re.compile(rf"\d(?:{_BETWEEN}\d){{12,}}")
_GROUP = re.compile(r"\d+")

_ISSUERS = re.compile(
    r"""
      4(?:\d{12}|\d{15}|\d{18})                                              # Visa
    | (?:5[1-5]\d{2}|222[1-9]|22[3-9]\d|2[3-6]\d{2}|27[01]\d|2720)\d{12}     # Mastercard
    | 3[47]\d{13}                                                            # American Express
    | (?:30[0-59]\d{11}|3[689]\d{12})(?:\d{2}|\d{5})?                        # Diners Club
    | (?:6011|64[4-9]\d|65\d{2})\d{12,15}                                    # Discover
    | 35(?:2[89]|[3-8]\d)\d{12,15}                                           # JCB
    | 62\d{14,17}                                                            # UnionPay
    | (?:5018|5020|5038|5893|6304|6759|676[1-3])\d{9,15}                     # Maestro
    | 220[0-4]\d{12,15}                                                      # Mir
    | (?:60|81|82)\d{14}                                                     # RuPay
    """,
    re.VERBOSE,
)


def holds_card_number(text: str) -> bool:
    """Whether some run of digit groups in the text is a card number, however it is spaced or written."""
    if not text.isascii():
        text = _plain_digits(text)
    runs: list[str] = _LONG_ENOUGH.findall(text)  # there hardly ever are any, so nothing is set up for them
    return bool(runs) and any(_is_among(_GROUP.findall(run)) for run in runs)


def _plain_digits(text: str) -> str:
    """The text with every digit of any script as 0–9 and without invisible format characters."""
    return "".join(
        str(unicodedata.digit(char)) if unicodedata.digit(char, None) is not None else char
        for char in text
        if unicodedata.category(char) != "Cf"
    )


def _is_among(groups: list[str]) -> bool:
    """Whether consecutive whole groups make up a card number; a number does not begin inside a group."""
    for first in range(len(groups)):
        digits = ""
        for group in groups[first:]:
            digits += group
            if len(digits) > 19:
                break
            if _ISSUERS.fullmatch(digits) and _has_check_digit(digits):
                return True
    return False


def _has_check_digit(digits: str) -> bool:
    """Luhn: double every second digit from the right, add the digits of it all, divide by ten."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (1 + place % 2)
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0
