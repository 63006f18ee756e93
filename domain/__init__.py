"""What may happen and what happened: events, states, decisions, policy, money. Pure: no I/O, clock or
randomness. One room per subject; what all rooms share stands beside them.
"""
