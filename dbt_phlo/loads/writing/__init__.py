"""Rows as data files of a table, what they do to its other rows, and the one commit.

``output`` takes the pages of a load and writes ``data_files``; ``strategies`` says which files come
and go (``deduplicate``, ``merge``, ``delete_insert``); ``commit`` makes it so.
"""
