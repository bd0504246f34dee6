"""General MIDI's percussion that is no drum of a kit: names of its notes (level 1 and level 2)."""

from typing import Final

_NAMES: Final = {
    27: "high q, slap, scratch push, scratch pull, sticks, square click, metronome click,"
    " metronome bell",
    54: "tambourine",
    56: "cowbell",
    58: "vibraslap",
    60: "high bongo, low bongo, mute high conga, open high conga, low conga, high timbale,"
    " low timbale, high agogo, low agogo, cabasa, maracas, short whistle, long whistle,"
    " short guiro, long guiro, claves, high woodblock, low woodblock, mute cuica, open cuica,"
    " mute triangle, open triangle, shaker, jingle bell, bell tree, castanets, mute surdo,"
    " open surdo",
}

#: The instrument that a note plays on the channel of percussion.
GM_PERCUSSION: Final = {
    first + index: name
    for first, names in _NAMES.items()
    for index, name in enumerate(names.split(", "))
}
