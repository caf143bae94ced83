"""The shipped weights of nano."""
