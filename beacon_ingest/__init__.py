"""The device edge: bytes of trackers and detectors in, normalised messages out.

What comes in: HTTP requests and TCP streams of the formats in `decoders`. What goes out: `messages`, wrapped in a
`Unit` (the part that is acknowledged as one), published to a `Stream` and acknowledged to the device only when that is
durable. Who may speak comes from a `registry` snapshot. The edge knows no SQL and nothing of `app`; it may be deployed
alone.
"""
