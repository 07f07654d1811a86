"""What `flask blueprint new` writes (commands.py): one complete feature called “things”, checked here as it lies."""
