"""Small pictures that the stylesheet needs as files."""
