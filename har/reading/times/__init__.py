"""Time: `timestamps` reads a column of them, `clock` finds rate, jitter and gaps."""
