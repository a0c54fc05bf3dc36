"""From a folder, a zip or the network to labelled `Windows`.

Read `catalogue` (facts about published data sets), `dataset`, then `loading`, which calls `cache`,
the package `published` (with `reference`, `uci_har`, `hapt`, `hapt_recordings`), `own_recordings`
(with the package `own`) and `download`. `named_windows` and `subject_split` make windows of
recordings for both, `whole_recordings` yields the recordings themselves; `file_trees` and
`text_tables` read the files.
"""
