"""Training: fine-tuning on traces, and evaluation on tools never seen."""
