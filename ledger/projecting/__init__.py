"""Projections at work: one definition (`projections/`), five uses.

    entries, decoding    reading a book's entries in order, whole pages at a time
    ahead                the next page while the last is being written
    tables, rows         tables from row structs; loading and writing rows
    sides                rows folded anew beside a table; comparing both, writing what differs
    cursors              how far a projection has read; leases, parked groups, lag
    follow               keep the rows up to date
    readers              those who wait until the rows hold what they just wrote
    fresh, rebuild       fold anew in bounded memory, beside the live rows; write the differences
    as_of                the rows as they were, by position, recorded time or effective time
    answers              SQL over rows, live or as of a moment
    explain              a figure → the entries that made it
    verify, sample       the live rows, or some of them, against a fresh fold
    rebuilding           rebuild as one of several processes
    conditions, listing  lists over rows: filtered, sorted, in pages

All but `readers` and `follow` blocks; the service runs it in threads (`ledger.projecting.following`,
`ledger.projecting.read_models`). See `docs/adding-a-projection.md`.
"""
