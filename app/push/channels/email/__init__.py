"""E-mail over SMTP: `sender` is the channel, `letter` what is sent, `answers` what a mail server means by its answers,
`mailboxes` how addresses are written.
"""
