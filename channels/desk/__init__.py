"""The editors' desk: signing in, lists, proposals, vetting."""
