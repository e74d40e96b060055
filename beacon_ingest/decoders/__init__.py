"""One pure file a device format: bytes in, messages out. Only the standard library, msgspec and `messages` are imported
here.

An HTTP decoder turns one `HttpRequest` into `Decoded`. A TCP decoder has a framer (bytes of a stream → whole frames)
and turns one frame into `Decoded`. Nothing raises for bad input: what cannot be read comes back as a `Refusal` with its
place and reason.
"""
