"""Pictures to detections to events, in a process of its own."""
