"""The yardsticks: orders placed and paid as the documentation of the `eventsourcing` library shows.

`bare` records them and nothing else. `contract` also keeps what a caller of Makegood relies on.
"""
