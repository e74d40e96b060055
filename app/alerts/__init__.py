"""What people must see to: one open alert for one incident, with a state and a history.

Watch events come in; alerts, their history and messages to the family go out, in the same transaction. An alert is open
until somebody acknowledges it, and resolved when it is over. Who may see it is `households`'; how a phone is reached is
`push`'s.
"""
