"""The order's story: how its entries are told, room by room, and the contacts it asks for."""
