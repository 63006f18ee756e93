"""HTTP: parse, command, `book.execute`, receipt."""
