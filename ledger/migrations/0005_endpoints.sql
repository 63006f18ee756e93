-- Where payment processors tell a book what happened: each with the secret it signs with, wrapped as a book's keys are.
CREATE TABLE endpoints (
    book       text   NOT NULL,
    id         text   NOT NULL,
    processor  text   NOT NULL,
    wrapped    bytea  NOT NULL,
    created_at bigint NOT NULL,
    revoked_at bigint,
    PRIMARY KEY (book, id)
);

GRANT SELECT, INSERT, UPDATE ON endpoints TO makegood_app;
