"""A pretend payment provider: slow, failing, answering twice, calling back late. `python -m provider` runs it.

It is wrong in every way that a real one can be, except two: a key leads to one charge, and a charge that has an outcome keeps it.
"""
