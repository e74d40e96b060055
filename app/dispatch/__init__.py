"""Turn-outs: who goes, and what becomes of it.

Security companies with their units (a guard, a pair, a car), the people in them, when they are on duty and where; which
unit is the nearest that is free and fit. `units`, `nearest`, `checks`, `places` and `word` are pure. A guard's
own place is kept only while he is on duty, and every look at it is a row.
"""
