// Who is asked: the server this page came from.

async function send(method, path, body) {
  const isFile = body instanceof Blob;
  const response = await fetch(path, {
    method,
    headers: body ? { "Content-Type": isFile ? body.type : "application/json" } : {},
    body: body && !isFile ? JSON.stringify(body) : body,
  }).catch(() => {
    throw new Error("the server does not answer");
  });
  const content = response.status === 204 ? null : await response.json();
  if (!response.ok) throw new Error(content.error || `status ${response.status}`);
  return content;
}

export const about = () => send("GET", "classes");
export const guess = async (strokes) => (await send("POST", "predict", { strokes, top: 5 })).guesses;
export const guessImage = async (file) => (await send("POST", "predict", file)).guesses;
export const explain = (strokes, word) => send("POST", "explain", { strokes, word });
export const taught = () => send("GET", "own");
export const teach = (word, strokes) => send("POST", "own", { word, strokes });
export const forget = (key) => send("DELETE", `own/${encodeURIComponent(key)}`);
