"""Keep or return: whether goods whose money went back are worth sending back. Pure arithmetic.

    keep   where value < keep_under, or value ≤ parcels × (return shipping + restocking)
    return otherwise

A currency for which the edition sets nothing has zeros here: its goods come back unless somebody says
otherwise, and only what is worth nothing is kept. Source: R-G7
"""

from domain.book.policy import Edition
from domain.returns.return_events import KeepOrReturn, WhatBecomesOfGoods


def weighed(
    value: int, parcels: int, currency: str, edition: Edition, wanted: WhatBecomesOfGoods | None
) -> KeepOrReturn:
    """What is compared and what comes of it; `wanted` is what a person decides instead, None: the rule.

    Source: R-G7
    """
    keep_under = edition.keep_under.get(currency, 0)
    return_shipping = edition.return_shipping.get(currency, 0)
    restocking = edition.restocking.get(currency, 0)
    return_cost = parcels * (return_shipping + restocking)
    by_rule: WhatBecomesOfGoods = "keep" if value < keep_under or value <= return_cost else "return"
    return KeepOrReturn(
        value=value,
        keep_under=keep_under,
        return_shipping=return_shipping,
        restocking=restocking,
        parcels=parcels,
        return_cost=return_cost,
        by_rule=by_rule,
        decided=by_rule if wanted is None else wanted,
    )
