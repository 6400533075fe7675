"""Views: Rich renderables of a timeline.

`final.final` is the whole of a run, `live.LiveView` draws a recording while it goes on, `console.build_console` makes
the console for both.
"""
