"""The record: append, group commit, hash chain, and reading it again."""
