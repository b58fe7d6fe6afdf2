"""How well guests are understood: published protocols, lists of our own, and what it costs."""
