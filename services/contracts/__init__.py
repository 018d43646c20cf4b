"""What the services say to each other: one file per owner, nothing but schemas and names.

A field that a contract does not name never reaches the wire; a consumer reads the fields that it uses.
"""
