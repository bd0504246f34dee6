"""What drums sound like, for any STFT: described once, rebuilt as templates of any size.

A sound is described by how its energy lies in frequency and time, by two tables that know no STFT:

- its *spectrum* ``S(f)``: the energy density of the whole sound, in cells of 4 Hz below 600 Hz and
  of 1/96 octave above;
- its *profile* ``g(b, t)``: for every band ``b`` (42.5 Hz below 850 Hz, a quarter of an octave
  above) how that energy is spread over the time since the onset, ``integral of g(b, t) dt = 1``.

Their product ``P(f, t) = S(f) g(b(f), t)`` is an evolutionary power spectrum (M. B. Priestley:
"Evolutionary spectra and non-stationary processes", J. Royal Statistical Society B 27, 1965): fine
in frequency and fine in time, though not at once.  The expected power in bin ``k`` of a frame whose
window ``w`` begins ``u`` seconds after the onset follows from it:

    E |X(k, u)|^2 = sr^2/2  integral df  L(f_k - f) S(f)  integral dt  w^2(t - u) g(b(f), t)   (1)

``L`` is the power of the window's main lobe, scaled to ``integral L(f) df = 1``; both integrals
over a cell are differences of a cumulative sum, so any window, length and sample rate will do.  A
template is the root of (1), its magnitude averaged over the places that an onset can take between
two frames.  Frame 0 is the first frame whose window reaches the onset, as in `core.stft`.

Energies and their spread are all that is kept, in steps of 1.5 dB: no phase, no waveform.

================== =============================================================================
module             what it holds
================== =============================================================================
``description``    the cells, their codes, `Description`
``hits``           the hits in a recording of one drum: `find_hits`
``learning``       from sound to description: `from_onset`, `describe`, `average`, `ring_on`
``likeness``       which sounds look alike: `representatives`
``kit``            sounds with their names, classes and sources: `Kit`, `Sound`, `Source`
``rebuilding``     from description to the templates of an STFT: `templates`
``bank_templates`` the same for all sounds of a kit, in bands, and which of them are most active
================== =============================================================================
"""
