"""Comparing ways of doing the same work: repeated, interleaved runs and what can honestly be said of them.

`run` measures cells, `compared` works the figures out, `document` and `formats` are what machines read of them. A
`Journal` keeps runs as they are made, a `Baseline` is what was measured before.
"""

from asyncdemo.compare.baseline import Baseline
from asyncdemo.compare.cells import Cell, combined, sweep
from asyncdemo.compare.document import document, verdict_document
from asyncdemo.compare.journal import Journal
from asyncdemo.compare.machine import environment
from asyncdemo.compare.report import Report
from asyncdemo.compare.result import Comparison, Picture, Standing, Verdict, Watched, compared
from asyncdemo.compare.runs import VIRTUAL, Measured, Plan, Sample, Series, run, samples
from asyncdemo.compare.statistics import CONFIDENCE, Ratio, outliers, precision, ratio, spread

__all__ = [
    "CONFIDENCE",
    "VIRTUAL",
    "Baseline",
    "Cell",
    "Comparison",
    "Journal",
    "Measured",
    "Picture",
    "Plan",
    "Ratio",
    "Report",
    "Sample",
    "Series",
    "Standing",
    "Verdict",
    "Watched",
    "combined",
    "compared",
    "document",
    "environment",
    "outliers",
    "precision",
    "ratio",
    "run",
    "samples",
    "spread",
    "sweep",
    "verdict_document",
]
