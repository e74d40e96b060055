"""The use cases of alerts, one file each: raising, telling, acting, viewing."""
