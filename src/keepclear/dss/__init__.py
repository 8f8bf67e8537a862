"""A region's discovery and synchronisation service (ASTM F3548): who plans something where, and who is to be told."""
