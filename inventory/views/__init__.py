"""The staff pages of stock."""
