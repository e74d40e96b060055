"""Push to browsers (RFC 8030): `sender` is the channel, `client` speaks to the services, the other files are pure."""
