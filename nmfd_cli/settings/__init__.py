"""Every setting with its default, its range and its explanation, once; and settings under a name.

==============  ================================================================================
`fields`        how a setting is declared, and a value held against its range
`definitions`   the settings of a separation, and which do nothing beside the others
`output`        the settings of what is written, and of a batch
`presets`       settings under a name: found, read, written; values of TOML as those of settings
==============  ================================================================================

`fields`, `definitions` and `output` import nothing that takes time: ``nmfd --help`` need not wait
for the numerics.  The format of a preset's file is `nmfd_cli.io.preset_file`'s.
"""
