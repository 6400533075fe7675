"""The rules, a file each; see `asyncdemo.findings.registry`."""
