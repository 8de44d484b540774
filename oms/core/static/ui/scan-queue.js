// Scans wait here in order until the server has answered; they outlive a reload and a dead network.
// Each has a key of its own, so sending one twice has one effect.
(() => {
  "use strict";
  const STORE = "scans";
  const wait = (ms) => new Promise((done) => setTimeout(done, ms));

  // randomUUID exists only on secure pages; a handheld on plain http in the warehouse has random bytes.
  const newKey = () => {
    if (crypto.randomUUID) return crypto.randomUUID();
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40; bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("");
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
  };

  const opened = new Promise((done) => {
    let asked;
    try { asked = indexedDB.open("oms-floor", 1); } catch { done(null); return; }
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE, { keyPath: "seq", autoIncrement: true });
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => done(null);
  });
  const inStore = async (mode, act) => {
    const db = await opened;
    if (!db) return null;
    return new Promise((done) => {
      const tx = db.transaction(STORE, mode);
      const asked = act(tx.objectStore(STORE));
      tx.oncomplete = () => done(asked?.result ?? null);
      tx.onerror = tx.onabort = () => done(null);
    });
  };

  class Queue {
    // deliver(item) → {sent: true, answer} | {sent: false, signedOut?}; paused() holds sending back.
    constructor({ user, deliver, paused, onChange, onAnswer }) {
      Object.assign(this, { user, deliver, paused, onChange, onAnswer });
      this.items = []; this.running = false; this.offline = false; this.signedOut = false; this.patience = 0;
      this.loaded = this.load();
      addEventListener("online", () => { this.patience = 0; this.run(); });
    }
    async load() {
      const kept = (await inStore("readonly", (store) => store.getAll())) ?? [];
      this.items = [...kept.filter((item) => item.user === this.user), ...this.items];
      this.changed();
      if (this.items.length) this.run();
    }
    changed() { this.onChange?.({ unsent: this.items.length, offline: this.offline, signedOut: this.signedOut }); }
    async add(fields) {
      const item = { ...fields, key: newKey(), user: this.user };
      this.items.push(item);
      this.changed();
      await this.loaded;
      item.stored = inStore("readwrite", (store) => store.add({ ...item, stored: undefined })).then((seq) => { item.seq = seq ?? undefined; });
      this.run();
      return item;
    }
    async forget(item) {
      this.items = this.items.filter((other) => other !== item);
      await item.stored;
      if (item.seq !== undefined) await inStore("readwrite", (store) => store.delete(item.seq));
    }
    async run() {
      if (this.running) return;
      this.running = true;
      try {
        await this.loaded;
        while (this.items.length && !this.paused()) {
          const item = this.items[0];
          await item.stored;
          const { sent, answer, signedOut } = await this.deliver(item);
          this.signedOut = Boolean(signedOut);
          this.offline = !sent && !signedOut;
          if (sent) {
            this.patience = 0;
            await this.forget(item);
            this.changed();
            await this.onAnswer(item, answer);
          } else {
            this.changed();
            if (signedOut) break;
            this.patience = Math.min(15000, (this.patience || 500) * 2);
            await Promise.race([wait(this.patience), new Promise((done) => addEventListener("online", done, { once: true }))]);
          }
        }
      } finally { this.running = false; }
    }
  }
  window.oms = Object.assign(window.oms ?? {}, { Queue, newKey });
})();
