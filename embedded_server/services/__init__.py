"""What the server can do; no HTTP, no SQL, no media library."""
