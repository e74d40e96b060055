"""What can be asked of the room, by use case; the routes call `service.x`."""
