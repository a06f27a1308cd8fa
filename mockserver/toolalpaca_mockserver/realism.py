"""What others need of how made-up data looks."""

from toolalpaca_mockserver.values.moments import order_times

__all__ = ["order_times"]
