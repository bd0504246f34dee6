"""The report: one self-contained HTML page.

`nmfd_cli.report.html` puts it together; here are its parts, one a module, and its three assets:
``page.html`` with the places to fill, ``page.css`` and ``page.js``.
"""
