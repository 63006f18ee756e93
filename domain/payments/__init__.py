"""Payments: money that comes for an order, and what banks take back of it."""
