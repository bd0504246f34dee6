"""The report: one self-contained HTML page.

`nmfd_cli.app.report_page` puts it together; here are its parts, one a module, and its three assets:
``page.html`` with the places to fill, ``page.css`` and ``page.js``.
"""
