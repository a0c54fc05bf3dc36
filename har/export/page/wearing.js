// wearing
