"""The runtime: an agent that uses any API, simulated or real, with any model."""
