"""Vendors' hooks: the feed of a vendor's own tags goes to its server by itself, signed, in its order, at least once."""
