"""The staff pages of orders."""
