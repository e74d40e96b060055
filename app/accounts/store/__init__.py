"""The queries of accounts, one file a subject."""
