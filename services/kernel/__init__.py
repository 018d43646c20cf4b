"""What several services must decide alike: working time, who may do what, and a copy of the directory's facts.

`errors`, `working_time`, `actor` and `policy` are pure (the standard library only); `directory_copy` has a database.
"""
