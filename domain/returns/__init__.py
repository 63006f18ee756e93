"""Refunded goods: kept by the customer or sent back to us. Source: R-G7"""
