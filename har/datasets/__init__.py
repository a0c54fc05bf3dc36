"""From a folder, a zip or the network to labelled `Windows`.

Read `catalogue` (what is published), `dataset`, then `loading`, which asks `cache`, `published`
(with `reference`, `uci_har`, `hapt`, `hapt_recordings`), `own_recordings` (with `recordings_table`,
`sample_labels`) and `download`. `file_trees` and `text_tables` are how files are read.
"""
