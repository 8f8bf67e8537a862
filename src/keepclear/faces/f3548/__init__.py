"""The standard face, ASTM F3548-21: as a discovery and synchronisation service, and as a service of our own."""
