"""Looking before running: what a config makes of a sample of its sources (`checked`, `needs`), and a first config for
files nobody has described yet. No store is read or written; nothing is printed here.
"""
