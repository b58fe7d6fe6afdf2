"""Backups: made, kept, restored, and proved by restoring them elsewhere. Private."""
