"""Processors of payments: the port to them, what they are asked, and where they tell us what happened."""
