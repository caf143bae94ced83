"""Worlds of people, vehicles and things: a plan in metres, perspective cameras, shaded polygons in painter's order."""
