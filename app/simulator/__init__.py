"""A town with a seed, for `mimamori demo` and for tests, and the replay of recorded outings.

Out of a seed come streets, homes, people and their outings; the same seed makes the same town. It is set up through the
public API, and its watches and phones speak only to the device edge, over HTTP and TCP, as real ones do: nothing here
can cheat. Time is that of the clock that is handed in, which may go faster than the world's. What families' phones
would hear from Google is heard from a stand-in here. What the service makes of all that is read back over the API.
"""
