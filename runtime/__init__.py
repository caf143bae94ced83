"""The loop: plan and budget, inbox, tick, session, reports, the public Agent."""
