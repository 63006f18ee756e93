"""Refunds: asked for, granted or escalated, paid, and kept within limits. Source: R-G"""
