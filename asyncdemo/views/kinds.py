"""The views by name, apart from what draws them: the command line knows them without importing Rich."""

VIEWS = ("lanes", "slots", "heat", "aggregates")
