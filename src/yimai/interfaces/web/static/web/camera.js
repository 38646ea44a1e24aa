// The camera as a fallback where no scanner is at hand: a button beside scan fields, decoding on the tablet itself.
"use strict";
(() => {
  const { worker: workerAddress, detector: detectorAddress, wasm: wasmAddress } = document.currentScript.dataset;
  const FORMATS = ["data_matrix", "code_128", "qr_code"];
  const EVERY = 120; // milliseconds between two looks
  const AGAIN = 2500; // before the same code counts once more
  let detector = null;

  /** A detector like the browser's own, in a worker: only there may WebAssembly be compiled (interfaces/web/headers.py). */
  const vendored = () => {
    const worker = new Worker(workerAddress);
    worker.postMessage({ detector: detectorAddress, wasm: wasmAddress, formats: FORMATS });
    return {
      detect: async (video) => {
        const picture = await createImageBitmap(video);
        return new Promise((resolve, reject) => {
          worker.onmessage = (event) => (event.data.problem ? reject(new Error(event.data.problem)) : resolve(event.data.codes));
          worker.onerror = () => reject(new Error("decoder"));
          worker.postMessage({ picture }, [picture]);
        });
      },
    };
  };

  /** The browser's own detector if it reads DataMatrix, else the vendored one. */
  const detectorHere = async () => {
    const native = window.BarcodeDetector ? await window.BarcodeDetector.getSupportedFormats().catch(() => []) : [];
    detector = detector || (native.includes("data_matrix")
      ? new window.BarcodeDetector({ formats: FORMATS.filter((format) => native.includes(format)) })
      : vendored());
    return detector;
  };

  const dialog = () => {
    const shown = yimai.element("dialog", "camera", "", { "aria-label": yimai.say("camera.title") });
    const video = yimai.element("video", "", "", { playsinline: "", muted: "", "aria-hidden": "true" });
    video.muted = true;
    const torch = yimai.element("button", "button quiet", yimai.say("camera.torch"), { type: "button", "aria-pressed": "false", hidden: "" });
    const close = yimai.element("button", "button", yimai.say("camera.close"), { type: "button" });
    const bar = yimai.element("div", "camera-bar");
    bar.append(torch, close);
    shown.append(yimai.element("p", "camera-hint", yimai.say("camera.hint"), { role: "status" }), video, bar);
    close.addEventListener("click", () => shown.close());
    return { shown, video, torch };
  };

  const offerTorch = (button, track) => {
    const able = track.getCapabilities && track.getCapabilities().torch;
    button.hidden = !able;
    button.addEventListener("click", () => {
      const on = button.getAttribute("aria-pressed") !== "true";
      track.applyConstraints({ advanced: [{ torch: on }] }).then(() => button.setAttribute("aria-pressed", String(on)), () => {});
    });
  };

  const watch = async (shown, video, reader) => {
    let last = { raw: "", at: -Infinity };
    while (shown.open) {
      const codes = video.readyState >= 2 ? await reader.detect(video).catch(() => []) : [];
      const now = performance.now();
      const raw = codes.length === 1 ? codes[0].rawValue : "";
      if (raw && shown.open && (raw !== last.raw || now - last.at > AGAIN)) {
        last = { raw, at: now };
        document.dispatchEvent(new CustomEvent("yimai:scan", { detail: { raw, at: now } }));
      }
      await new Promise((resolve) => setTimeout(resolve, EVERY));
    }
  };

  const open = async () => {
    const { shown, video, torch } = dialog();
    const hint = shown.querySelector(".camera-hint");
    let stream = null;
    document.body.append(shown);
    shown.addEventListener("close", () => {
      if (stream) stream.getTracks().forEach((track) => track.stop());
      const answer = document.getElementById("scan-answer");
      if (shown.contains(answer)) document.body.append(answer);
      shown.remove();
    });
    shown.showModal();
    try {
      const [reader, given] = await Promise.all([
        detectorHere(),
        navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 } } }),
      ]);
      stream = given;
      if (!shown.open) return stream.getTracks().forEach((track) => track.stop());
      video.srcObject = stream;
      offerTorch(torch, stream.getVideoTracks()[0]);
      await video.play();
      await watch(shown, video, reader);
    } catch (problem) {
      hint.textContent = yimai.say(problem.name === "NotAllowedError" ? "camera.refused" : "camera.missing");
      hint.classList.add("problem");
    }
    return undefined;
  };

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-camera]")) open();
  });
  document.addEventListener("yimai:scanned", (event) => {
    const shown = document.querySelector("dialog.camera[open]");
    if (shown && event.detail.complete) setTimeout(() => shown.open && shown.close(), 700);
  });

  const offer = () => {
    for (const field of document.querySelectorAll("input[data-scan]")) {
      const form = field.form;
      if (!form || form.querySelector("[data-camera]")) continue;
      const place = field.closest(".field") || field;
      const button = yimai.element("button", "button quiet camera-button", yimai.say("camera.open"), { type: "button", "data-camera": "" });
      place.insertAdjacentElement("afterend", button);
    }
  };
  if (navigator.mediaDevices && navigator.mediaDevices.enumerateDevices) {
    navigator.mediaDevices.enumerateDevices().then((devices) => {
      if (devices.some((device) => device.kind === "videoinput")) yimai.whenShown(offer);
    }, () => {});
  }
})();
