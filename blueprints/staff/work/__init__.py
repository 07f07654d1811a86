"""Where staff work: the list of referrals and the page of one."""
