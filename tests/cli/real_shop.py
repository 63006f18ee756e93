"""What a book of the real shop says, in the words of its expected file, by its read models."""

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg.rows import dict_row

from projections.customer_balance import CustomerBalance
from projections.customers import Customers
from projections.guarantees import Guarantees
from projections.orders import Orders
from projections.projection import AnyProjection
from projections.refund_audit import RefundAudit
from projections.refunded_units import RefundedUnits
from projections.store_credits import StoreCredits

Figures = dict[str, Any]

DISCOUNT, MANUAL = "D", "M"
POSTAGE = ("POST", "DOT", "C2")


class ReadModels:
    """The read models of one book, asked by SQL over their rows."""

    def __init__(self, conninfo: str, book: str) -> None:
        self._conninfo, self._book = conninfo, book

    def rows(self, query: str, **named: object) -> list[Figures]:
        """The rows of a query over tables named as `rows_of` names them."""
        with psycopg.connect(self._conninfo, row_factory=dict_row) as connection:
            found = connection.execute(query, {"book": self._book, **named})  # pyright: ignore[reportArgumentType]
            return [dict(row) for row in found]

    def totals(self, *, guests: bool = False) -> Figures:
        """`totals`, or the guests' share of them."""
        (row,) = self.rows(TOTALS, guests=guests)
        return in_shape({name: int(value) for name, value in row.items()})

    def charged_by_kind(self) -> Figures:
        """`charged_by_kind`."""
        found = self.rows(CHARGED_BY_KIND, postage=list(POSTAGE))
        return {
            row["kind"]: {
                "order_lines": row["order_lines"],
                "units": int(row["units"]),
                "pence": int(row["pence"]),
            }
            for row in found
        }

    def per_month(self) -> list[Figures]:
        """`per_month`."""
        return [
            {name: value if name == "month" else int(value) for name, value in row.items()}
            for row in self.rows(PER_MONTH)
        ]

    def top_20(self) -> list[Figures]:
        """`top_20_customers_by_net`."""
        return [
            {name: value if name == "customer" else int(value) for name, value in row.items()}
            for row in self.rows(BY_CUSTOMER + " ORDER BY net_pence DESC LIMIT 20")
        ]

    def refunds_of(self, customers: list[str]) -> list[Figures]:
        """`refunds_of_20_customers`."""
        return [
            {name: value if name == "customer" else int(value) for name, value in row.items()}
            for row in self.rows(REFUNDS_OF, customers=customers)
        ]


def rows_of(name: str, projection: AnyProjection) -> str:
    """A part of a WITH: that projection's rows of the book."""
    return f"{name} AS (SELECT * FROM {projection.table} WHERE book = %(book)s)"


_ALL = f"""
WITH {rows_of("customers", Customers())}, {rows_of("orders", Orders())}, {rows_of("lines", Guarantees())},
     {rows_of("owed", CustomerBalance())}, {rows_of("audit", RefundAudit())},
     {rows_of("units", RefundedUnits())}, {rows_of("credits", StoreCredits())}"""

TOTALS = f"""{_ALL},
     who AS (SELECT customer, orders FROM customers WHERE NOT %(guests)s OR external_ref ^@ 'guest-'),
     placed AS (SELECT * FROM orders WHERE customer IN (SELECT customer FROM who)),
     bought AS (SELECT * FROM lines WHERE delivery <> '' AND customer IN (SELECT customer FROM who)),
     account AS (SELECT * FROM owed WHERE customer IN (SELECT customer FROM who)),
     refunds AS (SELECT * FROM audit WHERE customer IN (SELECT customer FROM who)),
     part AS (SELECT * FROM units WHERE customer IN (SELECT customer FROM who)),
     verified AS (SELECT * FROM part WHERE "order" <> ''),
     unverified AS (SELECT * FROM part WHERE "order" = ''),
     given AS (SELECT * FROM credits WHERE stage = 'granted' AND customer IN (SELECT customer FROM who)),
     gone AS (SELECT "order", sum(units) AS units FROM verified GROUP BY "order")
SELECT (SELECT count(*) FROM who) AS customers, (SELECT count(*) FROM placed) AS orders,
       (SELECT count(*) FROM who WHERE orders > 0) AS customers_with_orders,
       (SELECT count(*) FROM bought) AS order_lines,
       (SELECT coalesce(sum(delivered), 0) FROM bought) AS units,
       (SELECT coalesce(sum(charged), 0) FROM account) AS charged_pence,
       (SELECT count(*) FROM placed WHERE standing = 'new') AS orders_new,
       (SELECT count(*) FROM placed WHERE standing = 'existing') AS orders_existing,
       (SELECT count(DISTINCT note) FROM (SELECT external_ref FROM refunds UNION ALL
            SELECT external_ref FROM given) AS notes (note)) AS credit_notes,
       (SELECT count(DISTINCT (note, line)) FROM (SELECT external_ref, note_line FROM part UNION ALL
            SELECT external_ref, note_line FROM given) AS notes (note, line)) AS credit_lines,
       (SELECT coalesce(sum(received), 0) FROM account) AS captured_pence,
       (SELECT count(*) FROM verified) AS verified_parts,
       (SELECT count(DISTINCT (external_ref, note_line)) FROM verified) AS verified_credit_lines,
       (SELECT count(*) FROM refunds WHERE verified) AS verified_pairs,
       (SELECT count(DISTINCT "order") FROM verified) AS verified_orders,
       (SELECT coalesce(sum(units), 0) FROM verified) AS verified_units,
       (SELECT coalesce(sum(credited), 0) FROM refunds WHERE verified) AS verified_pence,
       (SELECT coalesce(sum(note_amount), 0) FROM verified) AS verified_face_pence,
       (SELECT count(*) FROM unverified) AS unverified_credit_lines,
       (SELECT count(*) FROM refunds WHERE NOT verified) AS unverified_credit_notes,
       (SELECT coalesce(sum(units), 0) FROM unverified) AS unverified_units,
       (SELECT coalesce(sum(credited), 0) FROM refunds WHERE NOT verified) AS unverified_pence,
       (SELECT count(*) FROM given) AS adjustments,
       (SELECT coalesce(sum(granted), 0) FROM given) AS adjusted_pence,
       (SELECT count(*) FROM given WHERE note_sku = '{DISCOUNT}') AS discounts,
       (SELECT coalesce(sum(granted), 0) FROM given WHERE note_sku = '{DISCOUNT}') AS discount_pence,
       (SELECT count(*) FROM given WHERE note_sku = '{MANUAL}') AS manuals,
       (SELECT coalesce(sum(granted), 0) FROM given WHERE note_sku = '{MANUAL}') AS manual_pence,
       (SELECT count(*) FROM gone JOIN placed USING ("order") WHERE placed.units = gone.units)
           AS fully_refunded_orders,
       (SELECT coalesce(sum(charged - credited), 0) FROM account) AS net_pence,
       (SELECT coalesce(sum(balance), 0) FROM account) AS sum_of_balances_pence"""

CHARGED_BY_KIND = f"""{_ALL}
SELECT CASE WHEN sku = '{DISCOUNT}' THEN 'discount' WHEN sku = '{MANUAL}' THEN 'manual'
            WHEN sku = ANY(%(postage)s) THEN 'postage' ELSE 'goods' END AS kind,
       count(*) AS order_lines, sum(delivered) AS units, sum(price) AS pence
FROM lines WHERE delivery <> '' GROUP BY 1"""

PER_MONTH = f"""{_ALL},
     months AS (
         SELECT to_char(to_timestamp(placed_at / 1e6) AT TIME ZONE 'UTC', 'YYYY-MM') AS month, 1 AS placed,
                charged, 0 AS verified, 0 AS unverified, 0 AS adjusted FROM orders
         UNION ALL
         SELECT left(granted_on, 7), 0, 0, CASE WHEN verified THEN credited ELSE 0 END,
                CASE WHEN verified THEN 0 ELSE credited END, 0 FROM audit
         UNION ALL
         SELECT left(granted_on, 7), 0, 0, 0, 0, granted FROM credits WHERE stage = 'granted')
SELECT month, sum(placed) AS orders, sum(charged) AS charged_pence, sum(verified) AS refunded_verified_pence,
       sum(unverified) AS refunded_unverified_pence, sum(adjusted) AS adjusted_pence
FROM months GROUP BY month ORDER BY month"""

BY_CUSTOMER = f"""{_ALL},
     refunded AS (SELECT customer, sum(credited) FILTER (WHERE verified) AS verified,
                         sum(credited) FILTER (WHERE NOT verified) AS unverified
                  FROM audit GROUP BY customer),
     given AS (SELECT customer, sum(granted) AS adjusted FROM credits GROUP BY customer),
     account AS (SELECT customer, sum(charged) AS charged, sum(charged - credited) AS net,
                        sum(balance) AS balance FROM owed GROUP BY customer)
SELECT external_ref AS customer, charged AS charged_pence, coalesce(verified, 0) AS refunded_verified_pence,
       coalesce(unverified, 0) AS refunded_unverified_pence, coalesce(adjusted, 0) AS adjusted_pence,
       net AS net_pence, balance AS balance_pence, orders
FROM customers JOIN account USING (customer)
     LEFT JOIN refunded USING (customer) LEFT JOIN given USING (customer)"""

REFUNDS_OF = f"""{_ALL}
SELECT customers.external_ref AS customer, count(*) FILTER (WHERE "order" <> '') AS verified_parts,
       coalesce(sum(units) FILTER (WHERE "order" <> ''), 0) AS verified_units,
       coalesce(sum(amount) FILTER (WHERE "order" <> ''), 0) AS verified_pence,
       count(*) FILTER (WHERE "order" = '') AS unverified_lines,
       coalesce(sum(units) FILTER (WHERE "order" = ''), 0) AS unverified_units,
       coalesce(sum(amount) FILTER (WHERE "order" = ''), 0) AS unverified_pence
FROM units JOIN customers USING (customer) WHERE customers.external_ref = ANY(%(customers)s)
GROUP BY 1 ORDER BY 1"""


def in_shape(told: Mapping[str, int]) -> Figures:
    """Flat figures in the shape of the expected file."""
    plain = ("customers", "orders", "customers_with_orders", "order_lines", "units", "charged_pence")
    plain += ("orders_new", "orders_existing", "credit_notes", "credit_lines", "captured_pence")
    plain += ("fully_refunded_orders", "net_pence", "sum_of_balances_pence")
    return {name: told[name] for name in plain} | {
        "refunds_verified": {
            "parts": told["verified_parts"],
            "credit_lines": told["verified_credit_lines"],
            "credit_note_order_pairs": told["verified_pairs"],
            "orders": told["verified_orders"],
            "units": told["verified_units"],
            "pence": told["verified_pence"],
            "credit_note_face_pence": told["verified_face_pence"],
        },
        "refunds_unverified": {
            "credit_lines": told["unverified_credit_lines"],
            "credit_notes": told["unverified_credit_notes"],
            "units": told["unverified_units"],
            "pence": told["unverified_pence"],
        },
        "adjustments": {
            "credit_lines": told["adjustments"],
            "pence": told["adjusted_pence"],
            "discount_lines": told["discounts"],
            "discount_pence": told["discount_pence"],
            "manual_lines": told["manuals"],
            "manual_pence": told["manual_pence"],
        },
    }
