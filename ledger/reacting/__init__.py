"""Reactions: what follows an entry by rule, carried out once."""
