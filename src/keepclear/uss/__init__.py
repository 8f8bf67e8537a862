"""A service of our own in the field of ASTM F3548: it plans with a discovery service, and tells and asks others."""
