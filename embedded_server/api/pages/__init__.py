"""Pages that the server shows, as they are sent."""
