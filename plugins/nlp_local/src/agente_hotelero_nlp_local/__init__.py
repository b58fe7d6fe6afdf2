"""Understands Spanish, Portuguese and English on the CPU."""
