"""Sensors in files, rows and columns of their own.

Read `names` (the sensor that a heading, a file or a word in a row is of), `rows` (a row for each
event of a sensor), `files` (a table for each sensor, in an app's export), `alignment` (clocks of
their own brought to one grid).
"""
