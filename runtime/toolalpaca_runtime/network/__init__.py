"""How requests leave: which hosts they may reach, and over which connections."""
