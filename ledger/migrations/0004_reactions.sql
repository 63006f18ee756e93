-- What the book does by itself once something is recorded: how far each reaction has read, and what it could not do.

CREATE TABLE reactions (
    book     text   NOT NULL,
    rule     text   NOT NULL,
    position bigint NOT NULL CHECK (position >= 0),
    PRIMARY KEY (book, rule)
);

-- Reactions that were refused, or that needed somebody who did not answer; gone once they are done.
CREATE TABLE reaction_failures (
    book      text   NOT NULL,
    rule      text   NOT NULL,
    position  bigint NOT NULL,   -- of the entry that caused it
    stream    text   NOT NULL,
    customer  text,
    cause     text   NOT NULL,
    tries     int    NOT NULL,
    failed_at bigint NOT NULL,   -- the last time
    again_at  bigint,            -- null: not before somebody asks for it
    PRIMARY KEY (book, rule, position)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON reactions, reaction_failures TO makegood_app;
