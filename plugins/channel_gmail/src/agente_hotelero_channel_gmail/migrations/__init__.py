"""Alembic history of the plugin's tables."""
