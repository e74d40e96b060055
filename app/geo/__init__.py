"""Where: measuring, the quality of a fix, H3 cells, and geofences.

`measure`, `quality`, `cells` and `fences` are pure geometry and know no person. The geofences of wearers (見守りエリア)
are stored here too, because other rooms use them; what it means to leave one is `watch`'s.
"""
