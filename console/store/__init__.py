"""What is known now, with change signals."""
