"""The outreach desk: finding an answer for somebody else, showing, printing and taking it along."""
