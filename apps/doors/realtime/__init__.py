"""`/v1/realtime`: the events of OpenAI's Realtime API on a WebSocket, for clients that speak it already."""
