"""History from other systems: files of order lines become the same commands the API would have sent."""
