"""Operators on tensors: reference, Triton kernel and launcher, one operator a file."""
