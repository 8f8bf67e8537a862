"""Decisions: one subject a file; none calls another."""
