"""What a phone teaches the model that it is served, for that phone alone."""
