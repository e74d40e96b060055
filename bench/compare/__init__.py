"""The same load as in `bench/positions.py` against other servers, side by side with ours: the OwnTracks Recorder over
HTTP, and Tile38 over RESP with a geofence for each device. Their programs are given by path.

    python -m bench.compare --owntracks-recorder PATH --tile38 PATH
"""
