"""Every query of billing, by what they are about."""
