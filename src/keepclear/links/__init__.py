"""The node's reach outward."""
