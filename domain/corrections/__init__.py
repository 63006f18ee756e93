"""Corrections: what was recorded by mistake is taken back by another entry."""
