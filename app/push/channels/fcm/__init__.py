"""Push to Android and iOS apps over Firebase Cloud Messaging: `sender` is the channel, `client` Google's library as we
want it to behave.
"""
