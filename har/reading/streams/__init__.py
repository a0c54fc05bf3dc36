"""Live streams: from lines to samples at 50 Hz.

`sample_lines` does it as a whole. `line_forms` reads a line, with `json_forms` for apps' messages,
`layouts` for names, and `readings` for values; `beginning` tells units and rates from the first
second; `slots` and `interpolation` bring readings to slots of 20 ms; `doubts` looks at the result.
`byte_lines` cuts bytes into lines, and `identified_lines` tells the lines of many streams apart.
"""
