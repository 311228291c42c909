"""A page of a source as exactly the columns of a contract.

``conform`` is the door: a page (``pages``) has fields, which are matched to columns
(``field_names``); each column is converted (``columns``) by the one table of ``conversions``, at
once (``column_rules``) or value by value (``number_rules``, ``moment_rules``, ``text_rules``); what
does not fit is ``rejected`` with its reasons. No value is ever changed on the way.
"""
