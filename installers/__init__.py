"""Set-up and packaging: standard library only, for it runs before anything is installed."""
