  // ---- scores as files; nothing here knows the page ----

  /**
   * A table as `nmfd transcribe` writes it.  Rows: {onset, drum, articulation, velocity, confidence},
   * onset in seconds, ascending; what is not known is "" or null.
   */
  function csvText(rows) {
    const cell = (value) => {
      const text = String(value ?? "");
      return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    };
    const lines = rows.map((row) =>
      [row.onset.toFixed(6), row.drum, row.articulation, row.velocity, row.confidence]
        .map(cell)
        .join(","),
    );
    return `${["onset,drum,articulation,velocity,confidence", ...lines].join("\n")}\n`;
  }

  function roundEven(x) {
    const low = Math.floor(x);
    if (x - low !== 0.5) return Math.round(x);
    return low % 2 === 0 ? low : low + 1;
  }

  /** A number in seven bits a byte, the first ones marked. */
  function midiNumber(value) {
    const bytes = [value % 128];
    for (let rest = Math.floor(value / 128); rest; rest = Math.floor(rest / 128)) {
      bytes.unshift(128 + (rest % 128));
    }
    return bytes;
  }

  function bigEndian(value, nBytes) {
    return Array.from({ length: nBytes }, (_, i) => Math.floor(value / 256 ** (nBytes - 1 - i)) % 256);
  }

  /**
   * A MIDI file of format 0, byte for byte as nmfd_cli/io/midi/writer.py writes it.
   * Hits: {onset, note, velocity}, in seconds, a General MIDI note, 1 to 127; 10 to 1000 beats a
   * minute, on which times do not depend.
   */
  function midiBytes(hits, bpm) {
    const beat = roundEven(60e6 / bpm);
    let ticksPerBeat = 960;
    while (beat / 1e6 / ticksPerBeat > 0.0005) ticksPerBeat *= 2;
    const ticksPerSecond = (ticksPerBeat * 1e6) / beat;
    const track = [0, 0xff, 0x51, 3, ...bigEndian(beat, 3)];
    let now = 0;
    let status = 0;
    for (const [tick, velocity, note] of midiEvents(hits, ticksPerSecond)) {
      const kind = (velocity ? 0x90 : 0x80) + 9; // the tenth channel: percussion
      track.push(...midiNumber(tick - now));
      if (kind !== status) track.push(kind);
      track.push(note, velocity || 64);
      [now, status] = [tick, kind];
    }
    track.push(0, 0xff, 0x2f, 0);
    const head = [...bigEndian(6, 4), 0, 0, 0, 1, ...bigEndian(ticksPerBeat, 2)];
    return Uint8Array.from(
      [..."MThd"].map((c) => c.charCodeAt(0)).concat(
        head, [..."MTrk"].map((c) => c.charCodeAt(0)), bigEndian(track.length, 4), track,
      ),
    );
  }

  /** [tick, velocity, note], sorted; a velocity of 0 ends a note, a tenth of a second long. */
  function midiEvents(hits, ticksPerSecond) {
    const byNote = new Map();
    for (const { onset, note, velocity } of hits) {
      const tick = roundEven(onset * ticksPerSecond);
      if (!byNote.has(note)) byNote.set(note, new Map());
      const loudest = byNote.get(note);
      loudest.set(tick, Math.max(roundEven(velocity), loudest.get(tick) ?? 1));
    }
    const length = Math.max(1, roundEven(0.1 * ticksPerSecond));
    const events = [];
    for (const [note, velocities] of byNote) {
      const ticks = [...velocities.keys()].sort((a, b) => a - b);
      ticks.forEach((tick, i) => {
        const end = Math.min(tick + length, ticks[i + 1] ?? Infinity);
        events.push([tick, velocities.get(tick), note], [end, 0, note]);
      });
    }
    return events.sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]);
  }
