"""Figures about referrals, for managers."""
