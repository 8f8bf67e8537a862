"""The duty officer's screen: static files with a strict content policy."""
