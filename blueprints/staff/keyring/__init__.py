"""The clinic's private key: who carries a copy of it, and under what it is encrypted (docs/adr/0024)."""
