"""Where the record lives: PostgreSQL, append, follow, replay, audit."""
