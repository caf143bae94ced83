"""Training of nano: data from StreamWorld, the encoder stage, the language stage."""
