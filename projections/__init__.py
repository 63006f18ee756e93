"""What we know: one file per question, each a fold over entries. Pure."""
