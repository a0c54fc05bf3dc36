"""What a few labelled seconds of a new person are worth: modules of `scripts/adaptation_study.py`.

In the order in which to read them:

- `people`: networks, and what they make of the windows of people whom they never saw.
- `ways`: ways to adapt, scored over seconds and strengths, and the strengths chosen.
- `others`: what an adapted network makes of everybody else.
- `confirmation`: the official test subjects, once.
- `new_activities`: an activity that the network does not know.
- `figure`: the figure of README.
"""
