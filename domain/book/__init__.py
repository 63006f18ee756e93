"""The book itself: its register of persons, its policy, and the months that are closed."""
