"""What changed between two recordings of a program: pure functions from two traces to figures side by side.

`profile` sums up one trace, `decided` says where the time of its run went, `compared` sets two of them side by side,
and `document` is what machines read of that.
"""

from asyncdemo.diff.chain import decided
from asyncdemo.diff.changes import Change, Changed, Diff, compared
from asyncdemo.diff.document import document
from asyncdemo.diff.profile import Profile, Work, profile

__all__ = ["Change", "Changed", "Diff", "Profile", "Work", "compared", "decided", "document", "profile"]
