  // ---- the editor of hits: what is shown ----

  const edit = recording.edit;
  const hits = new Hits(edit);
  const hitArea = byId("hits");
  /** What is being edited: a line, and a hit or nothing on it. */
  const chosen = { lane: 0, id: null };
  let editing = false;
  let drawnState = hits.state;
  let savedName = "score.csv";

  const laneName = (lane) => hits.lanes[lane].name;
  const chosenHit = () => (chosen.id === null ? undefined : hits.get(chosen.id));
  const nameOf = (hit) => `${laneName(hit.lane)} at ${hit.onset.toFixed(3)} s`;

  function element(tag, properties = {}, ...children) {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  }

  function laneStyle(node, lane) {
    const { colour } = hits.lanes[lane];
    node.style.setProperty("--stem", `var(--stem-${colour})`);
    node.style.setProperty("--shape", `var(--shape-${colour})`);
    return node;
  }

  function mark(hit) {
    const velocity = hit.velocity ?? USUAL_VELOCITY;
    const shape = element("i");
    shape.style.setProperty("--v", (0.45 + 0.55 * Math.min(1, velocity / 127)).toFixed(2));
    const title = `${hit.onset.toFixed(3)} s, velocity ${Math.round(velocity)}`;
    const node = editing ? element("span", { className: "hit", id: `hit-${hit.id}` }, shape) : shape;
    node.title = title;
    node.style.left = `${(100 * hit.onset) / recording.seconds}%`;
    if (editing) {
      node.setAttribute("role", "option");
      node.setAttribute("aria-label", `${laneName(hit.lane)}, ${title}`);
      node.setAttribute("aria-selected", hit.id === chosen.id);
    }
    return node;
  }

  function drawLane(lane) {
    const marks = hits.of(lane).filter((hit) => hit.onset <= recording.seconds).map(mark);
    const line = laneStyle(element("div", { className: "grid-line" }, ...marks), lane);
    line.dataset.lane = lane;
    if (editing) {
      line.setAttribute("role", "group");
      line.setAttribute("aria-label", laneName(lane));
      line.classList.toggle("chosen", lane === chosen.lane);
    }
    return line;
  }

  function drawHits() {
    const shown = hits.shownLanes;
    if (!shown.includes(chosen.lane)) chosen.lane = shown[0];
    hitArea.replaceChildren(...shown.map(drawLane));
    byId("grid-names").replaceChildren(
      ...shown.map((lane) =>
        laneStyle(
          element("span", { className: "grid-name" }, element("span", { className: "swatch" }),
            element("span", { className: "name", textContent: laneName(lane) })),
          lane,
        ),
      ),
    );
    if (hits.state === drawnState) return;
    drawnState = hits.state;
    byId("onset-lists")?.replaceChildren(
      ...shown.flatMap((lane) => [
        element("dt", { textContent: laneName(lane) }),
        element("dd", { textContent: hits.of(lane).map((hit) => hit.onset.toFixed(3)).join(", ") }),
      ]),
    );
  }

  /** The line through all pictures at the chosen hit. */
  function drawLineAt(time) {
    const line = byId("hit-line");
    line.hidden = !editing || time === undefined;
    line.style.left = `${(100 * (time ?? 0)) / recording.seconds}%`;
  }

  function drawPanel() {
    const hit = chosenHit();
    const shown = hits.shownLanes;
    const option = (lane) => element("option", { value: lane, textContent: laneName(lane) });
    const others = hits.lanes.map((_, lane) => lane).filter((lane) => !shown.includes(lane));
    const more = element("optgroup", { label: "not here yet" }, ...others.map(option));
    byId("hit-drum").replaceChildren(...shown.map(option), more);
    byId("hit-drum").value = chosen.lane;
    byId("hit-onset").value = hit ? hit.onset.toFixed(3) : "";
    byId("hit-velocity").value = hit ? Math.round(hit.velocity ?? USUAL_VELOCITY) : "";
    for (const id of ["hit-onset", "hit-velocity", "hit-remove"]) byId(id).disabled = !hit;
    byId("hit-undo").disabled = !hits.past.length;
    byId("hit-redo").disabled = !hits.future.length;
    for (const id of ["save-csv", "save-midi"]) byId(id).disabled = !hits.all.length;
    byId("again").textContent = againCommand();
    if (hit) hitArea.setAttribute("aria-activedescendant", `hit-${hit.id}`);
    else hitArea.removeAttribute("aria-activedescendant");
  }

  function againCommand() {
    const [before, after] = edit.command;
    const stems = hits.stems(edit.asked).join(",");
    const quoted = /^[\w,.-]+$/.test(stems) ? stems : `'${stems.replaceAll("'", "'\"'\"'")}'`;
    const asked = edit.asked.length ? ` --stems ${quoted}` : "";
    return `${before} --score ${savedName}${asked} ${after}`;
  }

  function draw() {
    drawHits();
    drawPanel();
    drawLineAt(chosenHit()?.onset);
  }

  function tell(text) {
    byId("edit-status").textContent = text;
  }

  // ---- what can be done to the hits ----

  function choose(lane, id = null) {
    chosen.lane = lane;
    chosen.id = id;
    const hit = chosenHit();
    if (hit) {
      reveal(hit.onset);
      if (!player.playing) seek(hit.onset);
    }
    draw();
  }

  function snapped(time) {
    const steps = edit.grid ? Number(byId("hit-snap").value) : 0;
    if (!steps) return time;
    const [beat, downbeat] = edit.grid;
    const step = beat / steps;
    return downbeat + Math.round((time - downbeat) / step) * step;
  }

  /** A time on the recording, to the microsecond, as tables have it. */
  function placed(time) {
    const latest = Math.floor(recording.seconds * 1e6) / 1e6;
    return clamp(Number(time.toFixed(6)), 0, latest);
  }

  function addHit(time, lane = chosen.lane) {
    const id = hits.add(placed(snapped(time)), lane);
    chosen.lane = lane;
    chosen.id = id;
    draw();
    tell(`Added ${nameOf(hits.get(id))}`);
  }

  function removeHit() {
    const hit = chosenHit();
    if (!hit) return;
    hits.remove(hit.id);
    const left = hits.of(hit.lane);
    const next = left.find((other) => other.onset >= hit.onset) ?? left.at(-1);
    chosen.id = next?.id ?? null;
    draw();
    tell(`Removed ${nameOf(hit)}`);
  }

  function changeHit(values) {
    const hit = chosenHit();
    if (hit && hits.edit(hit.id, values)) {
      chosen.lane = values.lane ?? hit.lane;
      tell(`Changed to ${nameOf(chosenHit())}, velocity ${chosenHit().velocity ?? "not known"}`);
      reveal(chosenHit().onset);
    }
    draw();
  }

  /** Give the chosen hit another drum; without a hit, go to its line, which is opened if need be. */
  function changeDrum(lane) {
    if (chosenHit()) {
      changeHit({ lane });
      return;
    }
    if (!hits.shownLanes.includes(lane)) hits.open(lane);
    choose(lane);
    tell(`On the line of ${laneName(lane)}`);
  }

  function moveBy(seconds, steps) {
    const hit = chosenHit();
    if (!hit) return;
    const perBeat = edit.grid ? Number(byId("hit-snap").value) : 0;
    const by = steps && perBeat ? (Math.sign(steps) * edit.grid[0]) / perBeat : seconds;
    const to = steps && perBeat ? snapped(hit.onset + by) : hit.onset + by;
    changeHit({ onset: placed(to) });
  }

  function goBack(isUndo) {
    const did = isUndo ? hits.undo() : hits.redo();
    if (chosen.id !== null && !chosenHit()) chosen.id = null;
    if (chosenHit()) chosen.lane = chosenHit().lane;
    draw();
    if (did) tell(isUndo ? "Undone" : "Done again");
  }

  // ---- saving: the browser's own download ----

  function download(name, content, type) {
    const url = URL.createObjectURL(new Blob([content], { type }));
    element("a", { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
    hits.saved = hits.state;
    savedName = name;
    drawPanel();
  }

  const counted = (n) => `${n} ${n === 1 ? "hit" : "hits"}`;

  function saveCsv() {
    download("score.csv", csvText(hits.rows()), "text/csv");
    tell(`Saved ${counted(hits.all.length)} as score.csv`);
  }

  function saveMidi() {
    const [notes, without] = hits.midi();
    if (!notes.length) {
      tell("These drums have no General MIDI note; score.csv holds them");
      return;
    }
    download("score.mid", midiBytes(notes, edit.bpm), "audio/midi");
    const lost = hits.all.length - notes.length;
    if (lost) hits.saved = null;
    const note = lost ? `; not in it: ${without.join(", ")}, without a General MIDI note` : "";
    tell(`Saved ${counted(notes.length)} as score.mid${note}`);
  }

  async function copyCommand() {
    try {
      await navigator.clipboard.writeText(byId("again").textContent);
      tell("Copied the command");
    } catch {
      getSelection().selectAllChildren(byId("again"));
      tell("The command is selected: Ctrl C copies it");
    }
  }

  function setEditing(on) {
    editing = on;
    byId("edit").setAttribute("aria-pressed", on);
    byId("editor").hidden = !on;
    document.body.classList.toggle("editing", on);
    if (on) byId("grid").hidden = false;
    const attributes = {
      role: "listbox", tabindex: "0", "aria-label": "Hits, of each drum in time",
      "aria-orientation": "horizontal",
    };
    for (const [name, value] of Object.entries(attributes)) {
      if (on) hitArea.setAttribute(name, value);
      else hitArea.removeAttribute(name);
    }
    draw();
  }
