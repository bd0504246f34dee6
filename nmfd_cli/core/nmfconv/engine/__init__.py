"""The engine below the solvers: what their update rules sum up over a target, panel by panel.

It knows targets, shifts and products, and nothing of update rules: the solvers above ask it for
numerators, denominators and divergences.  In the order of the work:

- `target`: the spectrogram V, in panels of frames, and groups of panels for threads
- `shifts`: activations shifted in time, for templates whose frames may be tied, and their sums
- `products`: the matrix products of a panel, in one of the two ways of `panel_products`
- `divergence`: the divergence of a panel and the quotients that its updates need
- `accumulators`: where groups of panels add up numerators and denominators
- `sweeps`: one pass over all panels, shared out among threads

Inside the engine templates have their bins last, W (R, T, K), so that products need no copies.
"""
