"""A month of a hotel: who stays, what must be sent, and the agent's own layers that send it."""
