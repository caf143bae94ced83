"""The hybrid backbone, its text head, checkpoints and training losses."""
