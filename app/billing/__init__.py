"""Who owes what: monthly closing, documents (適格請求書, 適格返還請求書), payments and what is overdue.

Prices are made in `programmes`: this room gathers the lines of a month into documents, taxes them, numbers them and
keeps them as they were.
"""
