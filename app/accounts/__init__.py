"""Who signs in, under which city, and what their role may do.

Cities, accounts, sign-ins and one's own push addresses are here, and the one table of permissions. Passwords are
argon2id, tokens are random and stored only hashed. Whether somebody may see a certain person's place is a second
question, answered by `households`.
"""
