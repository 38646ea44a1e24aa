// Reads codes in camera pictures, in a worker of its own: the only place where the policy lets WebAssembly be compiled.
"use strict";
let detector = null;

self.addEventListener("message", async (event) => {
  const { picture, detector: address, wasm, formats } = event.data;
  if (address) {
    importScripts(address);
    const { BarcodeDetector, prepareZXingModule } = self.BarcodeDetectionAPI;
    prepareZXingModule({ overrides: { locateFile: () => wasm } });
    detector = new BarcodeDetector({ formats });
    return;
  }
  try {
    const codes = await detector.detect(picture);
    self.postMessage({ codes: codes.map((code) => ({ rawValue: code.rawValue, format: code.format })) });
  } catch (problem) {
    self.postMessage({ problem: String(problem) });
  } finally {
    picture.close();
  }
});
