"""Fast answers over what is live: finds candidates and judges them, exactly or on the safe side."""
