"""What-if: runs a recorded program again in simulation with something changed, and predicts how long it would take."""

from asyncdemo.whatif.change import CHOOSING, GRAMMAR, parse
from asyncdemo.whatif.prediction import Prediction, predict

__all__ = ["CHOOSING", "GRAMMAR", "Prediction", "parse", "predict"]
