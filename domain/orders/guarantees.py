"""Guarantees: our window and the supplier's, frozen per delivered quantity.

Ours counts calendar months, the supplier's days; the last day is inclusive and month ends are clamped. A
customer gets the better of what was promised at placing and what is in force at delivery, for each window by
itself. Source: R-G1, R-G2
"""

from domain.book.policy import Policy, StartsAt
from domain.moments import Day, Moment, plus_days, plus_months
from domain.orders.order_events import GuaranteeGranted, GuaranteeTerms, OrderPlaced, ShipmentDelivered


def terms_in_force(policy: Policy, at: Moment) -> GuaranteeTerms:
    """Both windows as the edition in force at that moment sets them. Raises: LookupError."""
    adopted = policy.adopted_in_force(at)
    edition = adopted.edition
    return GuaranteeTerms(
        guarantee_months=edition.guarantee_months,
        guarantee_starts=edition.guarantee_starts,
        supplier_days=edition.supplier_days,
        supplier_starts=edition.supplier_starts,
        edition=adopted.version,
    )


def guarantee_until(terms: GuaranteeTerms, ordered_on: Day, delivered_on: Day) -> Day:
    """Last day of our guarantee under those terms. Source: R-G1"""
    return plus_months(_start(terms.guarantee_starts, ordered_on, delivered_on), terms.guarantee_months)


def supplier_until(terms: GuaranteeTerms, ordered_on: Day, delivered_on: Day) -> Day:
    """Last day the supplier takes the goods back under those terms. Source: R-G1, R-G2"""
    return plus_days(_start(terms.supplier_starts, ordered_on, delivered_on), terms.supplier_days)


def _start(starts: StartsAt, ordered_on: Day, delivered_on: Day) -> Day:
    return delivered_on if starts == "delivery" else ordered_on


def guarantee_granted(
    placed: OrderPlaced, delivered: ShipmentDelivered, current: GuaranteeTerms
) -> GuaranteeGranted:
    """Both windows of the units just delivered: the better of the promise and the terms in force now."""
    both = (placed.guarantee, current)
    days = (placed.ordered_on, delivered.delivered_on)
    ours = max(both, key=lambda terms: guarantee_until(terms, *days))
    suppliers = max(both, key=lambda terms: supplier_until(terms, *days))
    return GuaranteeGranted(
        order=placed.order,
        customer=placed.customer,
        delivery=delivered.delivery,
        shipment=delivered.shipment,
        ordered_on=placed.ordered_on,
        delivered_on=delivered.delivered_on,
        guarantee_until=guarantee_until(ours, *days),
        guarantee_edition=ours.edition,
        supplier_until=supplier_until(suppliers, *days),
        supplier_edition=suppliers.edition,
        parts=delivered.parts,
    )
