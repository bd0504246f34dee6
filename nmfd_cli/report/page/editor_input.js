  // ---- the editor of hits: pointer, keyboard, panel ----

  function laneAt(clientY) {
    const lines = [...hitArea.children];
    const line = lines.find((one) => clientY < one.getBoundingClientRect().bottom) ?? lines.at(-1);
    return Number(line.dataset.lane);
  }

  /** How far a finger or a mouse may miss, in pixels. */
  const reachOf = () => (matchMedia("(pointer: coarse)").matches ? 18 : 12);

  /** The hit of a line that is nearest to the pointer, if it is near. */
  function hitNear(clientX, lane, reach = reachOf()) {
    const { left, width } = hitArea.getBoundingClientRect();
    let [nearest, least] = [undefined, reach];
    for (const hit of hits.of(lane)) {
      const distance = Math.abs(left + (hit.onset / recording.seconds) * width - clientX);
      if (distance <= least) [nearest, least] = [hit, distance];
    }
    return nearest;
  }

  /** A hit that follows the pointer: {hit, x, y, onset, lane, moved}. */
  let drag = null;
  let wasHit = false;
  /** Where the pointer went down: the click of a finger is moved to what lies beside it. */
  let down = { x: 0, lane: 0 };

  function startDrag(event) {
    if (!editing || event.button !== 0) return;
    event.stopPropagation(); // the pictures' own click and drag
    const lane = laneAt(event.clientY);
    const hit = hitNear(event.clientX, lane);
    down = { x: event.clientX, lane };
    wasHit = Boolean(hit);
    if (!hit) return;
    choose(lane, hit.id);
    hitArea.setPointerCapture(event.pointerId);
    drag = { hit, x: event.clientX, onset: hit.onset, lane, moved: false };
  }

  function goOnDragging(event) {
    if (!drag) return;
    event.stopPropagation();
    const { hit } = drag;
    const by = event.clientX - drag.x;
    const lane = laneAt(event.clientY);
    if (Math.abs(by) > 3 || lane !== hit.lane) drag.moved = true;
    if (!drag.moved) return;
    const perPixel = recording.seconds / hitArea.getBoundingClientRect().width;
    drag.onset = Math.abs(by) > 3 ? placed(snapped(hit.onset + by * perPixel)) : hit.onset;
    drag.lane = lane;
    const node = byId(`hit-${hit.id}`);
    node.style.left = `${(100 * drag.onset) / recording.seconds}%`;
    const line = hitArea.querySelector(`[data-lane="${lane}"]`);
    if (node.parentElement !== line) line.append(node);
    drawLineAt(drag.onset);
  }

  function endDrag(event, isDone) {
    if (editing) event.stopPropagation();
    if (!drag) return;
    const { onset, lane, moved } = drag;
    drag = null;
    if (moved && isDone) changeHit({ onset, lane });
    else draw();
  }

  hitArea.addEventListener("pointerdown", startDrag);
  hitArea.addEventListener("pointermove", goOnDragging);
  hitArea.addEventListener("pointerup", (event) => endDrag(event, true));
  hitArea.addEventListener("pointercancel", (event) => endDrag(event, false));

  /** The last click; two in one place are double, also of a finger, and where hits lie densely. */
  let lastClick = { time: -Infinity, x: 0, lane: 0 };
  const DOUBLE_MS = 500;
  const ON_HIT = 8; // pixels

  hitArea.addEventListener("click", (event) => {
    if (!editing) return;
    const click = { time: event.timeStamp, ...down };
    const isDouble =
      click.time - lastClick.time < DOUBLE_MS &&
      Math.abs(click.x - lastClick.x) < reachOf() &&
      click.lane === lastClick.lane;
    lastClick = isDouble ? { ...click, time: -Infinity } : click;
    const time = timeAt(hitArea, click.x);
    if (isDouble && !hitNear(click.x, click.lane, ON_HIT)) {
      addHit(time, click.lane);
    } else if (!wasHit) {
      choose(click.lane);
      seek(time);
    }
  });

  // ---- keyboard, on the hits ----

  /** The hit before or behind the chosen one, or else the cursor, on its line. */
  function chooseBeside(by) {
    const line = hits.of(chosen.lane);
    const at = chosenHit()?.onset ?? player.position;
    const place = line.findIndex((hit) => hit.id === chosen.id);
    const after = line.findIndex((hit) => hit.onset >= at);
    const behind = after < 0 ? line.length : after;
    const next = place >= 0 ? line[place + by] : line[by > 0 ? behind : behind - 1];
    if (next) choose(chosen.lane, next.id);
  }

  /** Go to the line above or below, and to its hit at this time if there is one. */
  function chooseLane(by) {
    const shown = hits.shownLanes;
    const lane = shown[clamp(shown.indexOf(chosen.lane) + by, 0, shown.length - 1)];
    if (lane === chosen.lane) return;
    const at = chosenHit()?.onset ?? player.position;
    const there = hits.of(lane).find((hit) => Math.abs(hit.onset - at) < 0.03);
    choose(lane, there?.id ?? null);
    if (!there) tell(`On the line of ${laneName(lane)}, no hit at ${at.toFixed(3)} s`);
  }

  function moveLane(by) {
    const shown = hits.shownLanes;
    const lane = shown[clamp(shown.indexOf(chosen.lane) + by, 0, shown.length - 1)];
    changeHit({ lane });
  }

  const hitKeys = {
    ArrowLeft: (shift) => (shift ? moveBy(-0.01, -1) : chooseBeside(-1)),
    ArrowRight: (shift) => (shift ? moveBy(0.01, 1) : chooseBeside(1)),
    ArrowUp: (shift) => (shift ? moveLane(-1) : chooseLane(-1)),
    ArrowDown: (shift) => (shift ? moveLane(1) : chooseLane(1)),
    ",": () => moveBy(-0.001, 0),
    ".": () => moveBy(0.001, 0),
    Enter: () => addHit(player.position),
    Delete: removeHit,
    Backspace: removeHit,
  };

  hitArea.addEventListener("keydown", (event) => {
    if (!editing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && drag) {
      event.stopPropagation();
      drag = null;
      draw();
      return;
    }
    const action = hitKeys[event.key];
    if (!action) return;
    event.preventDefault();
    event.stopPropagation(); // not the player's
    action(event.shiftKey);
  });

  document.addEventListener("keydown", (event) => {
    const key = event.key.toLowerCase();
    if (!editing || event.altKey || !(event.ctrlKey || event.metaKey)) return;
    if (!"zy".includes(key) || event.target.matches("input[type=number]")) return;
    event.preventDefault();
    goBack(key === "z" && !event.shiftKey);
  });

  // ---- the panel ----

  const panelActions = {
    edit: () => setEditing(!editing),
    "hit-undo": () => goBack(true),
    "hit-redo": () => goBack(false),
    "hit-add": () => addHit(player.position),
    "hit-remove": removeHit,
    "save-csv": saveCsv,
    "save-midi": saveMidi,
    "again-copy": copyCommand,
  };
  for (const [id, action] of Object.entries(panelActions)) {
    byId(id).addEventListener("click", () => action());
  }
  byId("hit-drum").addEventListener("change", (event) => changeDrum(Number(event.target.value)));

  /** Take a number over when it is one; else show again what was. */
  function onNumber(id, change) {
    byId(id).addEventListener("change", (event) => {
      const value = event.target.valueAsNumber;
      if (Number.isFinite(value)) changeHit(change(value));
      else draw();
    });
  }

  onNumber("hit-onset", (seconds) => ({ onset: placed(seconds) }));
  onNumber("hit-velocity", (velocity) => ({ velocity: clamp(Math.round(velocity), 1, 127) }));
  byId("hit-onset").max = recording.seconds.toFixed(3);
  byId("snap-label").hidden = !edit.grid;
  addEventListener("beforeunload", (event) => {
    if (!hits.isSaved) event.preventDefault();
  });
