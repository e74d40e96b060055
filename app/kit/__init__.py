"""Small tools without any knowledge of the product: clock, ids, money, errors, state machines, the Japanese calendar.

Nothing here imports another room. Six files are allowed; a seventh needs a decision record.
"""
