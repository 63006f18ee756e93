"""Bills: what is owed, asked for without threat, and let go; and the watchlist. Source: R-B"""
