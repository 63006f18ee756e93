"""How fast it is, beside a yardstick measured in the same run. `python -m benchmarks` runs all of it."""
