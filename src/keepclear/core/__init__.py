"""The domain: places, times, rules and duties, as frozen values and functions of values."""
