// Runs the barcode decoder off the page's thread, so that the preview stays smooth.
//
// In:  {init: {js, wasm}}                                  once, first; names are hashed by the build
//      {id, buffer, width, height, format, thorough}       format: 'rgba' (4 bytes a pixel) or 'luma' (1)
// Out: {ready: true} or {failed: text}                     after init
//      {id, reads: [{format, text, quality}], ms, buffer}  per picture; the buffer goes back to be used again
//      the same with {broken: true}                        the module trapped: end this worker, start another
'use strict';

let decoder;

async function init({ js, wasm }) {
  const glue = await import(js);
  await glue.default({ module_or_path: wasm });
  return glue;
}

function read(glue, { buffer, width, height, format, thorough }) {
  const bytes = new Uint8Array(buffer);
  const rows = format === 'luma'
    ? glue.decodeLuma(bytes, width, height, thorough)
    : glue.decodeRgba(bytes, width, height, thorough);
  return rows.map(([format, text, quality]) => ({ format, text, quality }));
}

self.onmessage = async ({ data }) => {
  if (data.init) {
    decoder = init(data.init);
    decoder.then(
      () => self.postMessage({ ready: true }),
      (error) => self.postMessage({ failed: String(error) }),
    );
    return;
  }
  const answer = { id: data.id, reads: [], ms: 0, buffer: data.buffer };
  try {
    const glue = await decoder;
    const start = performance.now();
    answer.reads = read(glue, data);
    answer.ms = performance.now() - start;
  } catch (error) {
    answer.broken = true;
  }
  self.postMessage(answer, [data.buffer]);
};
