"""A planner by rules: the default without a model, and the floor that every model must beat."""

from toolalpaca.llm.baseline.model import Baseline

__all__ = ["Baseline"]
