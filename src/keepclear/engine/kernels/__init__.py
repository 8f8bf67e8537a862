"""Compiled kernels: the same verdicts as `judge`, far quicker, over arrays; "in doubt" where they cannot be sure."""
