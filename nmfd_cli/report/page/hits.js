  // ---- the hits, and what was done to them ----

  /** The velocity of a hit that has none, and of the first on a line. */
  const USUAL_VELOCITY = 100;
  const MOST_STEPS_BACK = 500;

  /**
   * Hits are never changed but replaced, so that an earlier state is a list to go back to.
   * A hit: {id, onset, lane, velocity, articulation, confidence}; a lane is an index.
   */
  class Hits {
    constructor(edit) {
      this.lanes = edit.lanes.map(([name, drum, articulation, colour]) => ({
        name, drum, articulation, colour,
      }));
      this.notes = edit.notes;
      const hits = edit.hits.map(([onset, lane, velocity, articulation, confidence], id) =>
        Object.freeze({ id, onset, lane, velocity, articulation, confidence }),
      );
      this.nextId = hits.length;
      this.state = { hits, shown: edit.shown, opened: [] };
      this.saved = this.state;
      /** Lanes that stand on the page because of hits that no stem has. */
      this.leftOut = new Set(hits.map((hit) => hit.lane).filter((lane) => lane >= edit.shown));
      this.past = [];
      this.future = [];
    }

    get all() {
      return this.state.hits;
    }

    get(id) {
      return this.all.find((hit) => hit.id === id);
    }

    /** The lanes that are shown, in their order. */
    get shownLanes() {
      const used = new Set([...this.all.map((hit) => hit.lane), ...this.state.opened]);
      return this.lanes.map((_, lane) => lane)
        .filter((lane) => lane < this.state.shown || used.has(lane));
    }

    /** The hits of a lane, ascending. */
    of(lane) {
      return this.all.filter((hit) => hit.lane === lane).sort((a, b) => a.onset - b.onset);
    }

    change(state) {
      this.past.push(this.state);
      if (this.past.length > MOST_STEPS_BACK) this.past.shift();
      this.future = [];
      this.state = { ...this.state, ...state };
    }

    add(onset, lane) {
      const velocities = this.of(lane).map((hit) => hit.velocity ?? USUAL_VELOCITY)
        .sort((a, b) => a - b);
      const velocity = velocities[Math.floor(velocities.length / 2)] ?? USUAL_VELOCITY;
      const { articulation } = this.lanes[lane];
      const id = this.nextId;
      this.nextId += 1;
      const hit = { id, onset, lane, velocity: Math.round(velocity), articulation, confidence: "" };
      this.change({ hits: [...this.all, Object.freeze(hit)] });
      return id;
    }

    remove(id) {
      this.change({ hits: this.all.filter((hit) => hit.id !== id) });
    }

    /** Give a hit another onset, lane or velocity; whoever changes it is surer than any figure. */
    edit(id, values) {
      const old = this.get(id);
      if (Object.entries(values).every(([key, value]) => old[key] === value)) return false;
      const hit = { ...old, ...values, confidence: "" };
      if (hit.lane !== old.lane) hit.articulation = this.lanes[hit.lane].articulation;
      this.change({ hits: this.all.map((h) => (h.id === id ? Object.freeze(hit) : h)) });
      return true;
    }

    open(lane) {
      this.change({ opened: [...this.state.opened, lane] });
    }

    undo() {
      if (!this.past.length) return false;
      this.future.push(this.state);
      this.state = this.past.pop();
      return true;
    }

    redo() {
      if (!this.future.length) return false;
      this.past.push(this.state);
      this.state = this.future.pop();
      return true;
    }

    get isSaved() {
      return this.saved === this.state;
    }

    /** The rows of a table, ascending; equal onsets in the order in which they came. */
    rows() {
      return [...this.all].sort((a, b) => a.onset - b.onset)
        .map((hit) => ({ ...hit, drum: this.lanes[hit.lane].drum }));
    }

    /** What a MIDI file takes, and the drums that have no note there. */
    midi() {
      const hits = this.rows().map(({ onset, drum, articulation, velocity }) => ({
        onset, drum, velocity: velocity ?? USUAL_VELOCITY,
        note: this.notes[articulation] ?? this.notes[drum],
      }));
      const without = new Set(hits.filter((hit) => hit.note === undefined).map((hit) => hit.drum));
      return [hits.filter((hit) => hit.note !== undefined), [...without]];
    }

    /** The names of stems to ask for, where some were asked for: those, and what was added. */
    stems(asked) {
      const used = new Set(this.all.map((hit) => hit.lane));
      const added = [...used].sort((a, b) => a - b)
        .filter((lane) => lane >= this.state.shown && !this.leftOut.has(lane));
      return [...asked, ...added.map((lane) => this.lanes[lane].name)];
    }
  }
