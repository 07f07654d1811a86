"""What becomes of a referral: its states, the reasons for a decision, and the clocks. Plain values, no database."""
