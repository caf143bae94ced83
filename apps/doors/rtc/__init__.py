"""WebRTC doors: WHIP in, WHEP out. The peers live in a child process (`child.py`); the parent never imports aiortc."""
