"""Announcements (tin tức, thông báo)."""
