"""The rules that look: positions, passages, alarms and health of one wearer in, watch events out.

`catalogue.WATCHES` is the one table of them, with one pure file a watch; each takes the state of a wearer, an
observation and `now`, and returns the new state and what happened. A watch event says why, with its numbers. What
people are told of it, and until when, is `alerts`'.
"""
