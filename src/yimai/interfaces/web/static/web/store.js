// What this tablet keeps for a while, in the browser's own database: typed text ("kept") and entries that wait ("queue").
"use strict";
window.yimai = window.yimai || {};
(() => {
  let opening = null;

  const opened = () => {
    opening = opening || new Promise((resolve, reject) => {
      const request = indexedDB.open("yimai", 1);
      request.onupgradeneeded = () => {
        request.result.createObjectStore("kept", { keyPath: "key" });
        request.result.createObjectStore("queue", { keyPath: "place", autoIncrement: true });
      };
      request.onsuccess = () => {
        request.result.onversionchange = () => request.result.close();
        resolve(request.result);
      };
      request.onerror = () => reject(request.error);
    });
    return opening;
  };

  /** Run act(store) in one transaction; resolves with its request's result once it is committed. */
  const within = async (name, mode, act) => {
    const database = await opened();
    return new Promise((resolve, reject) => {
      const transaction = database.transaction(name, mode, { durability: "strict" });
      const request = act(transaction.objectStore(name));
      transaction.oncomplete = () => resolve(request && request.result);
      transaction.onabort = transaction.onerror = () => reject(transaction.error);
    });
  };

  yimai.store = {
    put: (name, value) => within(name, "readwrite", (store) => store.put(value)),
    get: (name, key) => within(name, "readonly", (store) => store.get(key)),
    all: (name) => within(name, "readonly", (store) => store.getAll()),
    remove: (name, key) => within(name, "readwrite", (store) => store.delete(key)),
  };
  /** The signed-in person's pseudonymous identifier, "" where nobody has signed in. */
  yimai.person = () => document.body.dataset.person || "";
})();
