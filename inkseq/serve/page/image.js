// An image instead of a drawing: chosen, dropped or pasted.

const TYPES = ["image/png", "image/jpeg", "image/tiff"], MOST = 1 << 20, SMALL = 512;  // bytes, pixels a side
const $ = (id) => document.getElementById(id);

export function takeImages(take) {
  const given = (files) => files.length && take(files[0]);
  $("choose").addEventListener("click", () => $("file").click());
  $("file").addEventListener("change", () => {
    given($("file").files);
    $("file").value = "";  // or the same file again would be no change
  });
  const isFile = (event) => event.dataTransfer.types.includes("Files");
  document.addEventListener("dragover", (event) => isFile(event) && event.preventDefault());
  document.addEventListener("drop", (event) => {
    if (isFile(event)) event.preventDefault();  // or the browser would leave the page for it
    given(event.dataTransfer.files);
  });
  document.addEventListener("paste", (event) => given(event.clipboardData.files));
}

// What the browser can show of a file; null where it cannot.
export const decode = (file) => createImageBitmap(file).catch(() => null);

// The file itself, or a small picture of one that is large or of another kind.
export async function toSend(file, bitmap) {
  if (!bitmap || (TYPES.includes(file.type) && file.size <= MOST)) return file;
  const scale = Math.min(1, SMALL / Math.max(bitmap.width, bitmap.height));
  const size = [bitmap.width, bitmap.height].map((side) => Math.max(1, Math.round(scale * side)));
  const canvas = new OffscreenCanvas(...size), context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, ...size);
  return canvas.convertToBlob();
}
