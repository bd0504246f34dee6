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
