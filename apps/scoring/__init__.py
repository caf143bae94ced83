"""How right the narrations are: matching, rendered worlds, labelled clips."""
