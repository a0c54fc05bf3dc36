"""The command line: what a person asked for.

Read `main` and `parser`; `verbs` has a module for each verb. `options` are those that verbs share,
`terminal` what is shown while they work.
"""
