"""What the model keeps between ticks: one typed state of fixed size."""
