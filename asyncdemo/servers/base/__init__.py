"""What all servers have in common: what to know of one, starting it, keeping it, asking it."""
