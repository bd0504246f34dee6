  const hasSound = recording.tracks > 0;
  const desk = new Desk(recording.names.length);
  const player = new Player(desk);

  // ---- what is shown: cursors, clock, loop, desk ----

  const cursors = all(".cursor");
  const timeline = byId("timeline");
  const seconds = (x) => `${x.toFixed(2)} s`;

  function show() {
    const at = player.position;
    const place = `${(100 * at) / recording.seconds}%`;
    for (const cursor of cursors) cursor.style.left = place;
    if (!hasSound) return;
    const seek = byId("seek");
    seek.value = at;
    seek.setAttribute("aria-valuetext", `${seconds(at)} of ${seconds(recording.seconds)}`);
    byId("clock").textContent = `${at.toFixed(2)} / ${seconds(recording.seconds)}`;
  }

  function follow() {
    reveal(player.position);
  }

  /** Scroll so far that a time is seen. */
  function reveal(time) {
    if (zoom === 1) return;
    const side = sideWidth();
    const width = timeline.clientWidth - side;
    const x = (time / recording.seconds) * (byId("rows").offsetWidth - side);
    if (x < timeline.scrollLeft || x > timeline.scrollLeft + width) {
      timeline.scrollLeft = x - 0.1 * width;
    }
  }

  function tick() {
    if (!player.playing) return;
    show();
    follow();
    requestAnimationFrame(tick);
  }

  function showPlaying() {
    root.classList.toggle("playing", player.playing);
    byId("play-label").textContent = player.playing ? "Pause" : "Play";
    show();
  }

  function showDesk() {
    for (const button of all("[data-solo]")) {
      button.setAttribute("aria-pressed", desk.solo[button.dataset.solo]);
    }
    for (const button of all("[data-mute]")) {
      button.setAttribute("aria-pressed", desk.muted[button.dataset.mute]);
      const row = button.closest(".row");
      row.classList.toggle("muted-track", !desk.isHeard(Number(button.dataset.mute)));
    }
    player.applyGains();
  }

  function showLoop() {
    const region = byId("loop-region");
    const [a, b] = player.loop;
    byId("loop").setAttribute("aria-pressed", player.looping);
    region.hidden = !player.region;
    region.style.left = `${(100 * a) / recording.seconds}%`;
    region.style.width = `${(100 * (b - a)) / recording.seconds}%`;
    byId("loop-text").textContent = player.region ? `A ${seconds(a)}, B ${seconds(b)}` : "";
  }

  function say(text) {
    byId("status").textContent = text;
  }

  // ---- what can be done ----

  async function togglePlay() {
    if (player.playing) {
      player.pause();
    } else {
      try {
        if (!player.buffers.length) byId("play-label").textContent = "Loading…";
        await player.play();
      } catch (error) {
        showPlaying();
        byId("clock").textContent = "this browser cannot decode the sound";
        say(`The sound cannot be decoded: ${error.message}`);
        return;
      }
      requestAnimationFrame(tick);
    }
    showPlaying();
  }

  function seek(to) {
    player.seek(to);
    show();
  }

  function toggleSolo(track) {
    desk.toggleSolo(track);
    showDesk();
    const name = recording.names[track];
    say(desk.solo[track] ? `${name} solo` : `${name} no longer solo`);
  }

  function toggleMute(track) {
    desk.muted[track] = !desk.muted[track];
    showDesk();
    say(`${recording.names[track]} ${desk.muted[track] ? "muted" : "no longer muted"}`);
  }

  function setLoop(a, b, looping = true) {
    const shortest = Math.min(0.02, recording.seconds);
    const low = clamp(Math.min(a, b), 0, recording.seconds - shortest);
    const high = clamp(Math.max(a, b, low + shortest), 0, recording.seconds);
    player.region = [low, high];
    player.looping = looping;
    player.refresh();
    showLoop();
    say(`Loop from ${seconds(low)} to ${seconds(high)}`);
  }

  function clearLoop() {
    player.region = null;
    player.refresh();
    showLoop();
    say("Loop region cleared");
  }

  function toggleLoop() {
    player.looping = !player.looping;
    player.refresh();
    showLoop();
    say(player.looping ? "Loop on" : "Loop off");
  }

  function setA() {
    const a = player.position;
    const b = player.loop[1];
    setLoop(a, b > a ? b : recording.seconds, player.looping);
  }

  function setB() {
    const b = player.position;
    const a = player.loop[0];
    setLoop(a < b ? a : 0, b, player.looping);
  }

  // ---- keyboard ----

  const keyActions = {
    " ": () => togglePlay(),
    Home: () => seek(0),
    l: () => toggleLoop(),
    a: () => setA(),
    b: () => setB(),
    Escape: () => clearLoop(),
    "+": () => setZoom(zoom * 2),
    "=": () => setZoom(zoom * 2),
    "-": () => setZoom(zoom / 2),
  };

  /** Whether the focused control wants this key for itself. */
  function isTaken(event) {
    const target = event.target;
    if (target.matches("select,input[type=text],input[type=number]")) return true;
    const isArrow = event.key.startsWith("Arrow") || event.key === "Home";
    if (isArrow && target.matches("input,.timeline,.scroll")) return true;
    // after a click the space bar plays; who came by keyboard presses what is focused
    const isPressed = target.matches("button,summary,input[type=checkbox],input[type=radio]");
    return event.key === " " && isPressed && cameByTab;
  }

  let cameByTab = false;

  function onKey(event) {
    if (event.key === "Tab") cameByTab = true;
    if (!byId("keys").checked || event.ctrlKey || event.metaKey || event.altKey) return;
    if (isTaken(event)) return;
    const digit = /^(?:Digit|Numpad)([0-9])$/.exec(event.code);
    let action = keyActions[event.key] ?? keyActions[event.key.toLowerCase()];
    if (digit && Number(digit[1]) < recording.names.length) {
      const track = Number(digit[1]);
      action = () => (event.shiftKey && track > 0 ? toggleMute(track) : toggleSolo(track));
    } else if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      const by = event.shiftKey ? 5 : 0.5;
      action = () => seek(player.position + (event.key === "ArrowLeft" ? -by : by));
    }
    if (!action) return;
    event.preventDefault();
    if (!event.repeat || event.key.startsWith("Arrow")) action();
  }

  // ---- put together ----

  function connectTheme() {
    byId("theme").addEventListener("change", (event) => {
      if (event.target.value === "auto") delete root.dataset.theme;
      else root.dataset.theme = event.target.value;
    });
  }

  function connectDesk() {
    for (const button of all("[data-solo]")) {
      button.addEventListener("click", () => toggleSolo(Number(button.dataset.solo)));
    }
    for (const button of all("[data-mute]")) {
      button.addEventListener("click", () => toggleMute(Number(button.dataset.mute)));
    }
    for (const slider of all("[data-level]")) {
      slider.addEventListener("input", () => {
        const decibels = Number(slider.value);
        desk.decibels[slider.dataset.level] = decibels;
        const shown = decibels <= -40 ? "−∞ dB" : `${String(decibels).replace("-", "−")} dB`;
        slider.setAttribute("aria-valuetext", shown);
        slider.nextElementSibling.textContent = shown;
        player.applyGains();
      });
    }
  }

  function connectTransport() {
    const actions = {
      play: togglePlay,
      "to-start": () => seek(0),
      loop: toggleLoop,
      "loop-a": setA,
      "loop-b": setB,
      "loop-clear": clearLoop,
    };
    for (const [id, action] of Object.entries(actions)) {
      byId(id).addEventListener("click", () => action());
    }
    byId("seek").max = recording.seconds;
    byId("seek").addEventListener("input", (event) => seek(Number(event.target.value)));
    player.onEnd = showPlaying;
    document.addEventListener("keydown", onKey);
    // a button would be pressed by the space bar's release
    document.addEventListener("keyup", (event) => {
      if (event.key === " " && byId("keys").checked && !isTaken(event)) event.preventDefault();
    });
    document.addEventListener("pointerdown", () => {
      cameByTab = false;
    });
  }

  connectTheme();
  byId("zoom-in").addEventListener("click", () => setZoom(zoom * 2));
  byId("zoom-out").addEventListener("click", () => setZoom(zoom / 2));
  for (const area of all(".seekable")) makeSeekable(area);
  if (hasSound) {
    connectDesk();
    connectTransport();
    showLoop();
    // what tests and curious consoles may ask
    window.nmfdReport = {
      state: () => ({
        playing: player.playing,
        position: player.position,
        loop: player.looping ? player.loop : null,
        gains: recording.names.map((_, track) => desk.gain(track)),
        lengths: player.buffers.map((buffer) => buffer.length),
        peaks: player.buffers.map((buffer) =>
          buffer.getChannelData(0).reduce((most, x) => Math.max(most, Math.abs(x)), 0),
        ),
      }),
    };
  }
  show();
  drawAxes();
  new ResizeObserver(drawAxes).observe(timeline);
