"""Runs a concept or a script under a clock, a loop and a recorder."""

from __future__ import annotations

from asyncdemo.run.children import Children
from asyncdemo.run.concept import run_concept
from asyncdemo.run.measure import Measurement, measure, peak_memory
from asyncdemo.run.result import Result
from asyncdemo.run.script import Module, Script, ScriptRun, run_script

__all__ = [
    "Children",
    "Measurement",
    "Module",
    "Result",
    "Script",
    "ScriptRun",
    "measure",
    "peak_memory",
    "run_concept",
    "run_script",
]
