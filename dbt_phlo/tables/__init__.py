"""What happens to one Iceberg table: its metadata document, its schema's ids, its next snapshot.

Everything here works on the metadata JSON of the Iceberg v2 specification and needs the standard
library alone, because the endpoint's child process uses it and must start in milliseconds. A
commit flows ``requirements.check`` -> ``updates.apply`` -> ``files.write_metadata``; a rebuild
flows ``metadata.new`` (a staging table that takes the target's location and field ids) ->
``replacement.adopt`` (its snapshot becomes the target's next).
"""
