// A photograph that is too large for the form is made smaller here; what is no picture stays as it was chosen.
"use strict";
(() => {
  const TRIED = [[2400, 0.85], [2400, 0.7], [1800, 0.7], [1200, 0.7]]; // pixels of the longer side, and quality

  const jpeg = (canvas, quality) => new Promise((told) => { canvas.toBlob(told, "image/jpeg", quality); });

  /** The picture as a JPEG of at most so many bytes, or null where that cannot be. */
  const smaller = async (file, most) => {
    const picture = await createImageBitmap(file);
    const canvas = document.createElement("canvas");
    for (const [side, quality] of TRIED) {
      const scale = Math.min(1, side / Math.max(picture.width, picture.height));
      canvas.width = Math.round(picture.width * scale);
      canvas.height = Math.round(picture.height * scale);
      canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
      const made = await jpeg(canvas, quality);
      if (made && made.size <= most) return made;
    }
    return null;
  };

  const megabytes = (bytes) => (bytes / 1e6).toFixed(1);

  document.addEventListener("change", async (event) => {
    const field = event.target;
    const most = Number(field.dataset && field.dataset.most);
    const [file] = (most && field.files) || [];
    const said = field.nextElementSibling;
    if (said && said.matches(".made-smaller")) said.remove();
    if (!file || file.size <= most || !file.type.startsWith("image/")) return;
    const made = await smaller(file, most).catch(() => null);
    if (!made || field.files[0] !== file) return; // the server says what is wrong with it
    const files = new DataTransfer();
    files.items.add(new File([made], file.name.replace(/\.[^.]*$/, "") + ".jpg", { type: "image/jpeg" }));
    field.files = files.files;
    const words = yimai.say("photograph.smaller", { before: megabytes(file.size), after: megabytes(made.size) });
    field.after(yimai.element("p", "made-smaller", `✓ ${words}`, { role: "status" }));
  });
})();
