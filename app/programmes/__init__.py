"""The schemes of cities and companies as data, and what they cost: tariffs, free turn-outs, subsidies, shares.

A scheme is one TOML file in `catalogue/` (docs/programmes.md says how to write one): what its paper states, with the
words of the paper beside each figure; what the paper leaves open is said to be open, and asked for. `scheme` is what
such a file holds, `model` what is known of a contract (terms), what happened (usage) and what comes out (lines).
`rating` goes from usage to lines and is pure, so that a price can be shown before it is owed; documents are made of
lines in `billing`, which is the only place where tax is reckoned and rounded.
"""
