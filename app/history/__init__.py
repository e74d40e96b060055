"""The H3-indexed store of positions and its questions.

Accepted fixes become positions, attributed to whoever carried the device then; refused ones are kept apart with the
reason. It answers: a wearer's track between two times, and the last known place with how it is known, how sure and how
old. Rules that look at places are `watch`'s.
"""
