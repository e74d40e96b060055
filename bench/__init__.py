"""Measurements against floors that are taken in the same run (DESIGN section 10). The README's figures come from
here.
"""
