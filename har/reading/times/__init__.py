"""Time: a column of stamps, as numbers or text, becomes seconds.

`time_units` knows units, `dates` reads text, `timestamps` a column of either; `order` puts rows in
order, `arrivals` spreads samples that arrived together, `clock` finds rate, jitter and gaps, and
`rival_clocks` chooses among columns of time.
"""
