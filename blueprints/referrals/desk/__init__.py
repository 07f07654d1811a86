"""What the desk does with referrals: the work list, the page of one referral, decisions, and what staff write."""
