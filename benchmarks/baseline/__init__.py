"""The yardstick: orders placed and paid as the documentation of the `eventsourcing` library shows."""
