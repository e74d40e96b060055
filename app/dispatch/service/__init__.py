"""What can be asked of the room, by use case; the routes call the functions of the files.

Functions that take a `viewer` ask first whether the thing is one that he sees. Those that do not are for the house.
"""
