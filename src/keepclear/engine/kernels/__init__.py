"""Compiled kernels: the same verdicts as `judge`, far quicker, over arrays. They say "in doubt" where they cannot be sure."""
