-- Payouts that a processor is asked for, until what became of them is recorded: what it sent before we died, or before
-- it answered, is found by them, whatever has become of its refund since.

CREATE TABLE payouts_asked (
    book    text NOT NULL,
    payout  text NOT NULL,
    "order" text NOT NULL,
    refund  text NOT NULL,
    asked   text NOT NULL,   -- as it was asked for
    PRIMARY KEY (book, "order", payout)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON payouts_asked TO makegood_app;
