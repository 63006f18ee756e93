"""Stripe: its notices, verified and read as what we record."""
