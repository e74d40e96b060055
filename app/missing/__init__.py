"""The search for somebody who is missing: a map of where she probably is, and what is known by which it was made.

A search keeps facts: where she was last seen, where searchers looked, places of her own, which way she went. What the
house knows comes by itself: her positions and passages, her geofences, and which detectors heard nothing of her tag.
The map is made anew each time that somebody asks, so that it always knows the newest fact; who looks at it looks at her
place. `grid`, `spread`, `mixture`, `terrain`, `evidence`, `probability`, `sectors` and `mapscore` are pure. Nothing
imports this room.
"""
