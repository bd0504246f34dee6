"""The report: one self-contained HTML page.

`nmfd_cli.report.html` puts it together; here are its parts, one a module, and its assets:
``page.html`` with the places to fill, ``page.css``, and the script in parts that share one
function: ``player.js``, ``axes.js``, ``page.js``; and of the editor of hits ``score.js`` (CSV and
MIDI), ``hits.js`` (the hits and what was done to them), ``editor.js`` and ``editor_input.js``.
"""
