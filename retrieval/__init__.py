"""Question in, decision out: encoder, lexical and dense index, fusion, calibration, evaluation. Depends on knowledge only."""
