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
