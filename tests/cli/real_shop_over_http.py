"""What a book of the real shop says, in the words of its expected file, as any client of the API finds it."""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator

from httpx2 import AsyncClient

from tests.cli.real_shop import DISCOUNT, MANUAL, POSTAGE, Figures, in_shape


class OverHttp:
    """A book, asked page by page."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def each(self, path: str) -> AsyncIterator[Figures]:
        """All of a list."""
        sign, cursor = "&" if "?" in path else "?", ""
        while True:
            answer = await self._client.get(f"{path}{sign}limit=200{cursor}")
            assert answer.status_code == 200, answer.text
            page = answer.json()
            for item in page["items"]:
                yield item
            if not page["has_more"]:
                return
            cursor = f"&cursor={page['next']}"

    async def items(self, path: str) -> list[Figures]:
        """All of a list, at once."""
        return [item async for item in self.each(path)]

    async def shop(self) -> "Shop":
        """What the figures are made of, except for the millions of lines."""
        customers = await self.items("/v1/customers")
        return Shop(
            customers=customers,
            orders=await self.items("/v1/orders"),
            owed={it["id"]: await self.items(f"/v1/customers/{it['id']}/balance") for it in customers},
            audit=await self.items("/v1/refund-audit"),
            credits=await self.items("/v1/store-credits"),
            granted=[it["data"] async for it in self.each("/v1/events?type=refund.granted")],
        )

    async def totals(self, shop: "Shop", *, guests: bool = False) -> Figures:
        """`totals`, or the guests' share of them."""
        who = {
            it["id"] for it in shop.customers if not guests or (it["external_ref"] or "").startswith("guest-")
        }
        order_lines, units = 0, 0
        left: Counter[str] = Counter()
        async for line in self.each("/v1/guarantees"):
            if line["customer"] in who:
                order_lines, units = order_lines + 1, units + line["delivered"]
                left[line["order"]] += line["open"]
        return in_shape(
            shop.totals(who)
            | {"order_lines": order_lines, "units": units}
            | {"fully_refunded_orders": sum(open_units == 0 for open_units in left.values())}
        )

    async def reports(self) -> Figures:
        """What the two reports by month say of what was refunded and given, in the names of `totals`."""
        refunds = await self.items("/v1/refund-report")
        verified = [it for it in refunds if it["verified"]]
        by_what = await self.items("/v1/store-credit-report")
        return {
            "verified_parts": sum(it["parts"] for it in verified),
            "verified_units": sum(it["units"] for it in verified),
            "verified_face_pence": _sum(verified, "note_amount"),
            "unverified_units": sum(it["units"] for it in refunds if not it["verified"]),
            "discounts": sum(it["credits"] for it in by_what if it["note_sku"] == DISCOUNT),
            "discount_pence": _sum([it for it in by_what if it["note_sku"] == DISCOUNT], "amount"),
            "manuals": sum(it["credits"] for it in by_what if it["note_sku"] == MANUAL),
            "manual_pence": _sum([it for it in by_what if it["note_sku"] == MANUAL], "amount"),
        }

    async def charged_by_kind(self) -> Figures:
        """`charged_by_kind`."""
        kinds: dict[str, Counter[str]] = defaultdict(Counter)
        async for placed in self.each("/v1/events?type=order.placed"):
            for line in placed["data"]["lines"]:
                price = line["quantity"] * line["unit_price"]["amount"] - line["discount"]["amount"]
                kinds[_kind(line["sku"])].update(
                    order_lines=1, units=line["quantity"], pence=price + line["tax"]["amount"]
                )
        return {kind: dict(figures) for kind, figures in kinds.items()}


class Shop:
    """Lists of the API, and the figures they make."""

    def __init__(
        self,
        *,
        customers: list[Figures],
        orders: list[Figures],
        owed: dict[str, list[Figures]],
        audit: list[Figures],
        credits: list[Figures],
        granted: list[Figures],
    ) -> None:
        self.customers, self.orders, self.owed = customers, orders, owed
        self.audit, self.credits, self.granted = audit, credits, granted
        self.names = {it["id"]: it["external_ref"] for it in customers}

    def totals(self, who: set[str]) -> dict[str, int]:
        """The figures of these customers that need no line."""
        orders, audit, credits, granted = (
            [it for it in those if it["customer"] in who]
            for those in (self.orders, self.audit, self.credits, self.granted)
        )
        owed = [row for customer in who for row in self.owed[customer]]
        verified, unverified = ([it for it in audit if it["verified"] is which] for which in (True, False))
        notes = [
            (it["ask"]["external_ref"], it["order"] is not None, part)
            for it in granted
            for part in it["parts"]
        ]
        given = {(it["external_ref"], it["note_line"]) for it in credits}
        seen = {
            "customers": len(who),
            "orders": len(orders),
            "customers_with_orders": sum(it["orders"] > 0 for it in self.customers if it["id"] in who),
            "charged_pence": _sum(owed, "charged"),
            "orders_new": sum(it["standing"] == "new" for it in orders),
            "orders_existing": sum(it["standing"] == "existing" for it in orders),
            "credit_notes": len({it["external_ref"] for it in (*audit, *credits)}),
            "credit_lines": len({(note, part["note_line"]) for note, _, part in notes} | given),
            "captured_pence": _sum(owed, "received"),
            "verified_parts": sum(it["parts"] for it in verified),
            "verified_credit_lines": len(
                {(note, part["note_line"]) for note, is_one, part in notes if is_one}
            ),
            "verified_pairs": len(verified),
            "verified_orders": len({it["order"] for it in verified}),
            "verified_units": sum(it["units"] for it in verified),
            "verified_pence": _sum(verified, "credited"),
            "verified_face_pence": _sum([part for _, is_one, part in notes if is_one], "note_amount"),
            "unverified_credit_lines": sum(it["parts"] for it in unverified),
            "unverified_credit_notes": len(unverified),
            "unverified_units": sum(it["units"] for it in unverified),
            "unverified_pence": _sum(unverified, "credited"),
            "adjustments": len(credits),
            "adjusted_pence": _sum(credits, "granted"),
            "net_pence": _sum(owed, "charged") - _sum(owed, "credited"),
            "sum_of_balances_pence": _sum(owed, "balance"),
        }
        for name, sku in (("discount", DISCOUNT), ("manual", MANUAL)):
            told = [it for it in credits if it["note_sku"] == sku]
            seen[f"{name}s"], seen[f"{name}_pence"] = len(told), _sum(told, "granted")
        return seen

    def per_month(self) -> list[Figures]:
        """`per_month`."""
        months: dict[str, Counter[str]] = defaultdict(Counter)
        for order in self.orders:
            months[order["placed_at"][:7]].update(orders=1, charged_pence=order["charged"]["amount"])
        for refund in self.audit:
            name = "refunded_verified_pence" if refund["verified"] else "refunded_unverified_pence"
            months[refund["granted_on"][:7]][name] += refund["credited"]["amount"]
        for credit in self.credits:
            months[credit["granted_on"][:7]]["adjusted_pence"] += credit["granted"]["amount"]
        figures = (
            "orders",
            "charged_pence",
            "refunded_verified_pence",
            "refunded_unverified_pence",
            "adjusted_pence",
        )
        return [{"month": it} | {name: months[it][name] for name in figures} for it in sorted(months)]

    def top_20(self) -> list[Figures]:
        """`top_20_customers_by_net`."""
        refunded: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
        for refund in self.audit:
            refunded[refund["verified"]][refund["customer"]] += refund["credited"]["amount"]
        adjusted: Counter[str] = Counter()
        for credit in self.credits:
            adjusted[credit["customer"]] += credit["granted"]["amount"]
        every = [
            {
                "customer": it["external_ref"],
                "charged_pence": _sum(self.owed[it["id"]], "charged"),
                "refunded_verified_pence": refunded[True][it["id"]],
                "refunded_unverified_pence": refunded[False][it["id"]],
                "adjusted_pence": adjusted[it["id"]],
                "net_pence": _sum(self.owed[it["id"]], "charged") - _sum(self.owed[it["id"]], "credited"),
                "balance_pence": _sum(self.owed[it["id"]], "balance"),
                "orders": it["orders"],
            }
            for it in self.customers
        ]
        return sorted(every, key=lambda it: -it["net_pence"])[:20]

    def refunds_of(self, customers: list[str]) -> list[Figures]:
        """`refunds_of_20_customers`."""
        told = {name: Counter[str]() for name in sorted(customers)}
        for refund in self.granted:
            figures = told.get(self.names[refund["customer"]])
            if figures is None:
                continue
            kind, parts = ("unverified", "lines") if refund["order"] is None else ("verified", "parts")
            for part in refund["parts"]:
                figures[f"{kind}_{parts}"] += 1
                figures[f"{kind}_units"] += part["quantity"]
                figures[f"{kind}_pence"] += part["goods"]["amount"] + part["tax"]["amount"]
        names = [
            f"{kind}_{of}"
            for kind, one in (("verified", "parts"), ("unverified", "lines"))
            for of in (one, "units", "pence")
        ]
        return [{"customer": it} | {name: told[it][name] for name in names} for it in told]


def _kind(sku: str) -> str:
    if sku in POSTAGE:
        return "postage"
    return {DISCOUNT: "discount", MANUAL: "manual"}.get(sku, "goods")


def _sum(items: list[Figures], name: str) -> int:
    return sum(it[name]["amount"] for it in items)
