"""What may happen and what happened: events, states, decisions, policy, money. Pure: no I/O, clock or
randomness.
"""
