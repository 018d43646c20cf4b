"""The rules of an order's life, pure: the standard library and the kernel's pure part. Time and ids are arguments."""
