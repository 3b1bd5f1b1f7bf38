// What the recogniser that came along with the page is called, knows and consists of.

async function load() {
  const response = await fetch("recogniser.json");
  if (!response.ok) throw new Error(`recogniser.json: status ${response.status}`);
  return response.json();
}

export const recogniser = load();
