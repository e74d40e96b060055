"""The sockets of the edge: HTTP requests and TCP connections in, units published, answers out.

What comes in: bytes of strangers, until the registry knows who speaks. What goes out: units to the stream, and to the
device the answer of its protocol, only after the stream has made them durable. Everything has a limit (`limits`),
everything refused is counted (`counters`), and no input ends in an error of ours.
"""
