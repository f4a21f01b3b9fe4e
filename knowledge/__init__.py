"""The vetted question-and-answer pairs and the small library that reads and checks them. Depends on nothing here."""
