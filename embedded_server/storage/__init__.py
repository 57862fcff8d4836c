"""The catalogue, in SQLAlchemy Core."""
