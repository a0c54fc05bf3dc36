"""The command line: what a person asked for.

Read `main` and `parser`; a module per verb, found by its name; `options` are those that verbs
share, `terminal` what is shown while they work.
"""
