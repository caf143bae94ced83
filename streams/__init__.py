"""What comes in and goes out: time, channels, media types and sources."""
