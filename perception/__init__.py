"""From media to tokens: which frames, which patches, the vision and audio encoders."""
