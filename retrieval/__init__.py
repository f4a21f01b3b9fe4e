"""Question in, decision out: encoder, indexes, fusion, calibration, evaluation. Depends on knowledge only."""
