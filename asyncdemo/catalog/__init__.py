"""The concepts: which there are, and what each file says about itself.

Files are read, never imported. `concepts()` and `near()` look at their heads and are cheap; `find()` reads one whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncdemo.catalog.listing import Chapter, Summary, chapters, concepts, find, near, ways

if TYPE_CHECKING:
    # Their module costs `asyncdemo list` time: it needs dataclasses, which import inspect.
    from asyncdemo.catalog.concept import Concept, Option

__all__ = ["Chapter", "Concept", "Option", "Summary", "chapters", "concepts", "find", "near", "ways"]
