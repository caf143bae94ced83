"""`agent serve`: one agent behind doors that browsers, cameras and other programs already know."""
