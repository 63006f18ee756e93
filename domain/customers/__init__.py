"""Customers: who they are, how to reach them, their cards and credit, and what their history says of them."""
