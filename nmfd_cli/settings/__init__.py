"""Every setting with its default, its range and its explanation, once; and settings under a name.

==============  ==================================================================
`fields`        how a setting is declared, and a value held against its range
`definitions`   the settings of a separation
`output`        the settings of what is written, and of a batch
`conversion`    a value of TOML or of Python as one of a setting
`presets`       settings under a name: found, read, written
`idle`          settings that do nothing beside the others
==============  ==================================================================

`fields`, `definitions` and `output` import nothing that takes time: ``nmfd --help`` need not wait
for the numerics.  The format of a preset's file is `nmfd_cli.io.preset_file`'s.
"""
