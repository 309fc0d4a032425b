"""Finished work that many machines share: small files by content, in a folder or at a service."""
