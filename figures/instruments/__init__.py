"""Figures one can touch: drawn whole by Python, taken over in place by the browser."""
