"""`python -m keepclear`, for where the script is not on the path."""

from __future__ import annotations

from keepclear.cli.main import main

if __name__ == "__main__":
    main()
