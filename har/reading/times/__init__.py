"""Time: a column of stamps, as numbers or text, becomes seconds.

`time_units` knows units; `cells`, `dates` and `calendar_days` read text, and `timestamps` a column
of it or of numbers; `steps`, `clock_wraps` and `order` put rows in order; `mixed_rows` and
`arrivals` spread samples that arrived together; `clock` finds rate, jitter and gaps, and
`rival_clocks` chooses among columns of time.
"""
