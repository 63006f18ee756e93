"""The demo book: a handful of stories, told as commands like anybody else's.

    telling   how a story is told: who acts, when it was, under which key
    stories   the stories
    unpaid    of them, those of money that did not come, and of money that went back
    returned  of them, those of refunded goods: kept, sent back, claimed from their supplier
    opening   the book, its persons, its stories, a key to try the API with

Every command has a key, so that a second start of the service tells nothing twice.
"""
