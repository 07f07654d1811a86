"""Signing in: Flask-Security does it, these modules fit it to the desk (docs/adr/0023)."""
