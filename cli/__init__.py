"""The `makegood` command, one file per group of commands."""
