-- What following projections needs beside their own tables, which `ledger.projecting.tables` makes from their rows.

-- Who follows a book now. Only a courtesy between processes: the cursor's compare-and-set keeps them correct.
CREATE TABLE leases (
    book   text        NOT NULL,
    name   text        NOT NULL,
    holder text        NOT NULL,
    until  timestamptz NOT NULL,
    PRIMARY KEY (book, name)
);

-- Groups of rows that stand still since an entry their fold did not understand.
CREATE TABLE parked (
    book       text   NOT NULL,
    projection text   NOT NULL,
    version    int    NOT NULL,
    group_key  text   NOT NULL,   -- JSON array
    position   bigint NOT NULL,   -- of the poison entry
    stream     text   NOT NULL,
    customer   text,
    error      text   NOT NULL,
    PRIMARY KEY (book, projection, version, group_key)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON leases, parked TO makegood_app;
