"""The command line: alone knows click, tqdm, exit codes and the terminal.

==============  ==========================================================================
`main`          ``nmfd``: finds its commands, stops at signals, ends with an exit code
`separate` ...  one module a command: `transcribe`, `evaluate`, `report`, `plot`, `kit`, `presets`
`options`       options made from the fields of the settings
`values`        kinds of values, and how a shell completes them
`batch_view`    a batch while it runs and when it is done
`messages`      every line that is shown: errors, warnings, tables, progress
==============  ==========================================================================
"""
