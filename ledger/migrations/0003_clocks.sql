-- How far the clock of a demo book is ahead of the machine's, in microseconds. It moves the book's now (effective_at,
-- ticks), never recorded_at.
CREATE TABLE clocks (
    book  text   PRIMARY KEY,
    ahead bigint NOT NULL CHECK (ahead >= 0)
);

GRANT SELECT, INSERT, UPDATE ON clocks TO makegood_app;
