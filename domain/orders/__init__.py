"""Orders: from cart to delivery. Who orders gets the goods."""
