"""StreamWorld: rendered multi-camera scenes with sound, language and exact ground truth."""
