"""The resources under `/v1`, one subject per module: routes, bodies, answers."""
