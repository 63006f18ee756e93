-- The record. `book` is the first column of every key and index, and no statement needs two books, so that
-- the tables can later be distributed by it. Moments are bigint microseconds since 1970 UTC: what is hashed is what is
-- stored, whatever a session's TimeZone says.

CREATE TABLE entries (
    book           text   NOT NULL,
    position       bigint NOT NULL CHECK (position > 0),
    stream         text   NOT NULL,
    version        bigint NOT NULL CHECK (version >= 0),
    type           text   NOT NULL,
    schema_version int    NOT NULL CHECK (schema_version > 0),
    customer       text   CHECK (customer NOT IN ('', '-')),   -- hashed as - where there is none
    effective_at   bigint NOT NULL,
    recorded_at    bigint NOT NULL,
    meta           text   NOT NULL,
    data           text   NOT NULL,
    hash           bytea  NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (book, stream, version),
    UNIQUE (book, position)
);
CREATE INDEX entries_of_a_customer ON entries (book, customer, position) WHERE customer IS NOT NULL;

-- One row per book: what an append locks, and so the order of the book.
CREATE TABLE heads (
    book        text   PRIMARY KEY,
    position    bigint NOT NULL CHECK (position >= 0),
    hash        bytea  NOT NULL CHECK (length(hash) = 32),
    recorded_at bigint NOT NULL
);

-- Idempotency, kept for ever: the receipt is rebuilt from the entries.
CREATE TABLE commands (
    book           text   NOT NULL,
    principal      text   NOT NULL,
    key            text   NOT NULL,
    request_hash   bytea  NOT NULL,
    first_position bigint NOT NULL,
    last_position  bigint NOT NULL,
    PRIMARY KEY (book, principal, key)
);

-- Uniqueness across streams; `position` names the entry that claimed the value.
CREATE TABLE claims (
    book     text   NOT NULL,
    kind     text   NOT NULL,
    value    text   NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (book, kind, value)
);

-- Blind index: keyed digests of sealed contact points and names. Erasing a customer deletes rows here.
CREATE TABLE lookups (
    book     text  NOT NULL,
    kind     text  NOT NULL,
    digest   bytea NOT NULL,
    customer text  NOT NULL,
    PRIMARY KEY (book, kind, digest, customer)
);
CREATE INDEX lookups_of_a_customer ON lookups (book, customer);

-- One wrapped key per subject. Destroying a row makes everything sealed under it unreadable.
CREATE TABLE subject_keys (
    book    text  NOT NULL,
    subject text  NOT NULL,
    wrapped bytea NOT NULL,
    PRIMARY KEY (book, subject)
);

-- API keys: only their SHA-256. The key's text names the book.
CREATE TABLE api_keys (
    book       text   NOT NULL,
    digest     bytea  NOT NULL CHECK (length(digest) = 32),
    id         text   NOT NULL,
    person     text   NOT NULL,
    created_at bigint NOT NULL,
    revoked_at bigint,
    PRIMARY KEY (book, digest)
);

-- How far each follower has read.
CREATE TABLE cursors (
    book       text   NOT NULL,
    projection text   NOT NULL,
    version    int    NOT NULL,
    position   bigint NOT NULL,
    PRIMARY KEY (book, projection, version)
);

-- Entries are append-only for everybody, the owner included.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'entries are append-only: % refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER entries_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON entries
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE entries ENABLE ALWAYS TRIGGER entries_are_append_only;

GRANT SELECT, INSERT ON entries, commands, claims TO makegood_app;
GRANT SELECT, INSERT, UPDATE ON heads, cursors TO makegood_app;
GRANT SELECT, INSERT, UPDATE (revoked_at) ON api_keys TO makegood_app;   -- a key keeps its person for ever
GRANT SELECT, INSERT, DELETE ON lookups, subject_keys TO makegood_app;
