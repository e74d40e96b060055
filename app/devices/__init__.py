"""The trackers and phones: which there are, who carries them from when to when, how they are, what they are told to do.

The edge's registry snapshot is made here. Commands to devices are rows with a due time, so that live mode ends by
itself also after a restart. Bytes and protocols are the edge's; a device's places are `history`'s.
"""
