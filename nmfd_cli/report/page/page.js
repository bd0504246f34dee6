"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const all = (selector) => [...document.querySelectorAll(selector)];
  const clamp = (x, low, high) => Math.min(high, Math.max(low, x));
  const recording = JSON.parse(byId("recording").textContent);
  const root = document.documentElement;
  root.classList.add("scripted");

  // ---- the mixer: every track through a gain of its own, all started on the same sample ----

  /** Which tracks are heard and how loud; track 0 is the mixture, heard by solo alone. */
  class Desk {
    constructor(nTracks) {
      this.solo = Array(nTracks).fill(false);
      this.muted = Array(nTracks).fill(false);
      this.decibels = Array(nTracks).fill(0);
    }

    isHeard(track) {
      const anySolo = this.solo.some(Boolean);
      return anySolo ? this.solo[track] : track > 0 && !this.muted[track];
    }

    gain(track) {
      if (!this.isHeard(track) || this.decibels[track] <= -40) return 0;
      return recording.gain * 10 ** (this.decibels[track] / 20);
    }

    toggleSolo(track) {
      this.solo[track] = !this.solo[track];
      // the mixture beside its own stems would be heard twice
      if (this.solo[track]) {
        this.solo.forEach((_, other) => {
          if ((track === 0) !== (other === 0)) this.solo[other] = false;
        });
      }
    }
  }

  /** Decodes once, then plays all tracks together from any place, around a loop if asked to. */
  class Player {
    constructor(desk) {
      this.desk = desk;
      this.context = null;
      this.loading = null;
      this.buffers = [];
      this.gains = [];
      this.sources = [];
      this.offset = 0;
      this.startedAt = 0;
      this.playing = false;
      this.looping = false;
      this.region = null;
      this.onEnd = () => {};
    }

    /** The context is made by the first gesture: before one, browsers keep it silent. */
    load() {
      this.loading ??= this.decode();
      return this.loading;
    }

    async decode() {
      try {
        this.context = new AudioContext({ sampleRate: recording.sampleRate });
      } catch {
        this.context = new AudioContext(); // a rate it does not know: it resamples
      }
      const tracks = Array.from({ length: recording.tracks }, (_, track) => track);
      this.buffers = await Promise.all(
        tracks.map((track) => this.context.decodeAudioData(bytesOf(byId(`sound-${track}`)))),
      );
      this.gains = tracks.map((track) => {
        const gain = this.context.createGain();
        gain.gain.value = this.desk.gain(track);
        gain.connect(this.context.destination);
        return gain;
      });
    }

    get loop() {
      return this.region ?? [0, recording.seconds];
    }

    get position() {
      if (!this.playing) return this.offset;
      const [a, b] = this.loop;
      const at = this.offset + Math.max(0, this.context.currentTime - this.startedAt);
      if (this.looping && this.offset < b && at >= b) return a + ((at - a) % (b - a));
      return Math.min(at, recording.seconds);
    }

    async play() {
      await this.load();
      await this.context.resume();
      if (this.offset >= recording.seconds - 0.005) this.offset = 0;
      if (this.looping && this.offset >= this.loop[1]) this.offset = this.loop[0];
      this.start();
    }

    start() {
      this.silence();
      this.startedAt = this.context.currentTime + 0.02;
      const [a, b] = this.loop;
      this.sources = this.buffers.map((buffer, track) => {
        const source = this.context.createBufferSource();
        source.buffer = buffer;
        if (this.looping && this.offset < b) {
          source.loop = true;
          source.loopStart = a;
          source.loopEnd = b;
        }
        source.connect(this.gains[track]);
        source.start(this.startedAt, this.offset);
        return source;
      });
      this.sources[0].onended = () => {
        this.pause();
        this.offset = 0;
        this.onEnd();
      };
      this.playing = true;
    }

    silence() {
      for (const source of this.sources) {
        source.onended = null;
        source.stop();
        source.disconnect();
      }
      this.sources = [];
    }

    pause() {
      this.offset = this.position;
      this.playing = false;
      this.silence();
    }

    seek(seconds) {
      const to = clamp(seconds, 0, recording.seconds);
      this.offset = to;
      if (this.playing) this.start();
    }

    /** Take over what changed in the loop while playing. */
    refresh() {
      if (!this.playing) return;
      this.seek(this.position);
    }

    applyGains() {
      this.gains.forEach((gain, track) => {
        gain.gain.setTargetAtTime(this.desk.gain(track), this.context.currentTime, 0.01);
      });
    }
  }

  function bytesOf(element) {
    const text = atob(element.textContent);
    element.textContent = "";
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i += 1) bytes[i] = text.charCodeAt(i);
    return bytes.buffer;
  }

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
    if (zoom === 1) return;
    const side = sideWidth();
    const width = timeline.clientWidth - side;
    const x = (player.position / recording.seconds) * (byId("rows").offsetWidth - side);
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
    }
    for (const button of all("[data-mute]")) {
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

  // ---- zoom and the time axes that go with it ----

  let zoom = 1;

  function sideWidth() {
    const axis = document.querySelector(".ruler .axis").getBoundingClientRect().width;
    const head = document.querySelector(".ruler .head").getBoundingClientRect().width;
    return axis + head;
  }

  function setZoom(to) {
    zoom = clamp(to, 1, 64);
    document.body.style.setProperty("--zoom", zoom);
    byId("zoom-text").textContent = `${zoom}×`;
    drawAxes();
    follow();
  }

  function drawAxes() {
    timeline.style.setProperty("--visible", `${timeline.clientWidth}px`);
    for (const axis of all("[data-time-axis]")) {
      const width = axis.getBoundingClientRect().width;
      const raw = (recording.seconds * 64) / Math.max(width, 64);
      const power = 10 ** Math.floor(Math.log10(raw));
      const step = [1, 2, 5, 10].map((f) => f * power).find((s) => s >= raw * 0.999);
      const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
      axis.replaceChildren();
      for (let k = 0; k * step <= recording.seconds * 1.0001; k += 1) {
        const label = document.createElement("span");
        const share = (k * step) / recording.seconds;
        label.className = width * (1 - share) < 16 && k > 0 ? "tick last" : "tick";
        label.style.left = `${100 * share}%`;
        label.textContent = (k * step).toFixed(decimals);
        axis.append(label);
      }
    }
  }

  // ---- pointer: a click goes there, a drag loops ----

  function timeAt(area, clientX) {
    const box = area.getBoundingClientRect();
    return clamp((clientX - box.left) / box.width, 0, 1) * recording.seconds;
  }

  function makeSeekable(area) {
    let pressed = null;
    area.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      pressed = { x: event.clientX, time: timeAt(area, event.clientX), dragged: false };
      // a finger that moves scrolls; it taps to seek and sets loops by A and B
      if (event.pointerType !== "touch") area.setPointerCapture(event.pointerId);
    });
    area.addEventListener("pointermove", (event) => {
      if (!pressed || !hasSound || event.pointerType === "touch") return;
      if (Math.abs(event.clientX - pressed.x) > 5) pressed.dragged = true;
      if (!pressed.dragged) return;
      const ends = [pressed.time, timeAt(area, event.clientX)].sort((a, b) => a - b);
      const region = byId("loop-region");
      region.hidden = false;
      region.style.left = `${(100 * ends[0]) / recording.seconds}%`;
      region.style.width = `${(100 * (ends[1] - ends[0])) / recording.seconds}%`;
    });
    area.addEventListener("pointerup", (event) => {
      if (!pressed) return;
      const { time, dragged } = pressed;
      pressed = null;
      if (!dragged) {
        seek(time);
        return;
      }
      const end = timeAt(area, event.clientX);
      const [low, high] = [Math.min(time, end), Math.max(time, end)];
      if (!player.playing || player.position < low || player.position >= high) seek(low);
      setLoop(low, high);
    });
    area.addEventListener("pointercancel", () => {
      pressed = null;
      if (hasSound) showLoop();
    });
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
})();
