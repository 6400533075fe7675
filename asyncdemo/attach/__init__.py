"""Attaching to code from within: recordings as context managers and decorators, to ask, to show and to save."""

from asyncdemo.attach.recording import Recording, record

__all__ = ["Recording", "record"]
