"""Raw files of a source → canonical events: which files (`files`), how they are read (`formats`), what their columns
mean (`mapping`), and the one pass that writes accepted and quarantined rows (`ingest`). Nothing here knows Prefect.
"""
