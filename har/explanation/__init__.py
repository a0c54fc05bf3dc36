"""What a network looks at, asked in four ways.

Read `findings` (the results), then `importance` (permutation, occlusion), `attribution` (integrated
gradients), `lstm_states` (gates and memory) and `explain`, which puts them together.
"""
