"""What `flask blueprint new` writes (core/scaffold.py): a feature called “things”, checked as it lies here."""
