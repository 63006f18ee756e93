"""Mutation testing of `domain/`: each rule is changed a little, and some test must fail.

    python -m tests.mutation [FILE…]     e.g. domain/orders/account.py; without one, all of domain/

    mutants   the small changes: one to one function of one file
    swapping  a function made to run changed code
    running   the tests that call a function, run against each of its changed forms, in a forked process

A tool of our own: mutmut leaves decorated functions out, so every property, and cosmic-ray begins a Python
for each mutant. Here a mutant costs as much as the tests that call its function.
"""
