"""Stickers on coats, shoes and bags: their codes and sheets, who has them by which scheme, the page that a
passer-by sees who scans one, and the board on which she and the family write to each other.

Nothing that names a wearer is shown before somebody says that they are with her; a look at a page calls nobody.
"""
