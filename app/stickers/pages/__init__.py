"""What a passer-by sees who scans a sticker: pages without a sign-in for any phone, with or without script. Pure.

They are plain HTML with one style and one small script, so that the first of them is read within a second on a slow
line. Nothing in them names the wearer before somebody said that they are with her.
"""
