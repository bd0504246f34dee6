"""Convolutive non-negative matrix factorisation: the documented module.

Whoever comes from ``libnmfd.core.nmfconv`` finds the same names, parameters, defaults and order of
returns here; what is added is keyword-only.

In the order of the work:

- `arguments`: checks of what the documented functions are given, random numbers where that is
  nothing
- `templates`, `drum_templates`, `activations`: what W and H start from, one function a strategy
- `factorisation`: the frame of both solvers, which iterates a rule's updates and keeps the
  divergence
- `deconvolution`: `nmfd`, whose update rules stand in `updates`
- `convolutive`: `nmf_conv` and its update rule
- `model`: what factors approximate
- `engine`: numerators, denominators and divergences, summed up over a target panel by panel

Notation, in all of the numerics:

======  ===========  ====================================================
symbol  shape        meaning
======  ===========  ====================================================
K                    frequency bins
M                    frames of the recording; a panel has m of them
R                    components
T                    frames of a template, or boxes of frames that are tied
L                    iterations
V       (K, M)       target: a magnitude spectrogram
W       (K, R, T)    templates (lists of R arrays (K, T) at the interface)
H       (R, M)       activations
Lambda  (K, M)       model: ``sum_t W[:, :, t] @ shift(H, t)``
Q       (K, M)       ``V Lambda**(beta-1)``, from which numerators are summed up
B       (K, M)       ``Lambda**beta``, from which denominators are summed up
======  ===========  ====================================================
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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

_MODULE_OF = {
    "conv_model": "model",
    "init_activations": "activations",
    "init_templates": "templates",
    "initialize_drum_specific_nmfd_templates": "drum_templates",
    "nmf_conv": "convolutive",
    "nmfd": "deconvolution",
    "shift_operator": "model",
}


def __getattr__(name: str) -> Any:
    """Import a documented function when it is asked for: a separation needs few of them."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
