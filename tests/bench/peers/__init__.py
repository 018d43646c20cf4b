"""The processes that a run starts beside the platform: peers, floors, and small services on the chassis alone.

Each obeys one line of JSON at a time on its standard input and answers with one line of JSON.
"""
