"""The application: one loop, pure decisions, and a list of what it needs from outside."""
