"""What a person sees of a separation: an HTML report, a figure, a notebook's display.

==================  ==========================================================================
``draft``           `ReportDraft`: a consumer that draws while blocks pass by
``html``            the page, of its parts in ``page/``
``figure``          the figure for papers, of its panels in ``figure_panels``
==================  ==========================================================================
"""
