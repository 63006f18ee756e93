"""Declined payments: the hold, the effort to reach the customer, and what ends it. Source: R-D"""
