"""Tags and detectors: which tags exist and who wears them when, which detectors hear them, where those are and how they
are.

In come registrations by clerks (one by one or as CSV) and what detectors say of themselves; out go the edge's snapshot
of detectors and tags, keys and provisioning files, and the state of a detector at any minute. The pure rules that join
sightings to passages are here too; the passages themselves are kept by `history`, which knows positions.
"""
