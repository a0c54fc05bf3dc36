"""Data sets: from files in a folder, a zip or on the network to `har.signals.windows.Windows`."""
