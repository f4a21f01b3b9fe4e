"""Making the bundled encoder. Nothing here runs when Kompas answers."""
