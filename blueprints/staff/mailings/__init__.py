"""Newsletters and the mailing list, for managers: what `flask newsletter` and `flask subscribers` do in a terminal."""
