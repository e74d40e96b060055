"""What care does: copies, and a look at everything."""
