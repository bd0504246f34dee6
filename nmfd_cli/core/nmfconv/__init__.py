"""Convolutive non-negative matrix factorisation: the documented module.

Whoever comes from ``libnmfd.core.nmfconv`` finds the same names, parameters, defaults and order of
returns here; what is added is keyword-only.

Notation, in all of the numerics:

======  ===========  ====================================================
symbol  shape        meaning
======  ===========  ====================================================
K                    frequency bins
M                    frames of the recording
R                    components
T                    frames of a template
L                    iterations
V       (K, M)       target: a magnitude spectrogram
W       (K, R, T)    templates (lists of R arrays (K, T) at the interface)
H       (R, M)       activations
Lambda  (K, M)       model: ``sum_t W[:, :, t] @ shift(H, t)``
======  ===========  ====================================================
"""

from nmfd_cli.core.nmfconv.activations import init_activations
from nmfd_cli.core.nmfconv.convolutive import nmf_conv
from nmfd_cli.core.nmfconv.deconvolution import nmfd
from nmfd_cli.core.nmfconv.drum_templates import initialize_drum_specific_nmfd_templates
from nmfd_cli.core.nmfconv.model import conv_model, shift_operator
from nmfd_cli.core.nmfconv.templates import init_templates

__all__ = [
    "conv_model",
    "init_activations",
    "init_templates",
    "initialize_drum_specific_nmfd_templates",
    "nmf_conv",
    "nmfd",
    "shift_operator",
]
