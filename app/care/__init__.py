"""Care of the data: copies of it, and what is wrong with an installation, in plain words.

For the engineer of a town, from the command line. The running service audits itself by it (`service.auditing`).
"""
