"""The door for other parties' nodes, over mutual TLS."""
