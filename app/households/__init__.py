"""Who is watched, who is told, and who may see what, from when to when.

Households, wearers, contacts in order, consents and protections (支援措置) are here. `access.py` decides purely
whether a viewer may see a wearer and why; every look at a place is a row, written before the answer leaves, and the
family can list them. Accounts come in from upstream; a wearer who ends goes out as an intent. Alerts, devices and
places are further down.
"""
