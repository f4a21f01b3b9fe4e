"""The dialogue: crisis rules, what is said, the actions Rasa calls. `rasa_side/` is what Rasa itself imports."""
