"""Where the record lies. Each store is written for what it stands on; they share a contract test, not code."""
