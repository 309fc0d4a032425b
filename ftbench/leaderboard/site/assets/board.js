"use strict";
// Sorts and filters the table. Rows come from rows.js at the first need; texts stay texts.
(() => {
  const FIRST = 100;
  const table = document.getElementById("board");
  const body = table.tBodies[0];
  const status = document.getElementById("status");
  const more = document.getElementById("more");
  const selects = [...document.querySelectorAll("select[data-column]")];
  const buttons = [...document.querySelectorAll("button[data-sort]")];
  const state = { sort: "", down: false, all: false };
  let data = null;

  const loaded = () => data ? Promise.resolve() : new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = "rows.js";
    script.onload = () => { data = globalThis.ftbenchRows; done(); };
    script.onerror = () => { status.textContent = "The rows cannot be loaded."; failed(new Error("rows.js")); };
    document.head.append(script);
  });

  const element = (name, text, kind) => {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    if (kind) made.className = kind;
    return made;
  };

  const line = (row) => {
    const made = element("tr", undefined, row.ranked ? "" : "unranked");
    data.columns.forEach((key, at) => {
      const [text, detail] = row.cells[at];
      const cell = element("td", undefined, `c-${key}`);
      if (key === "model") {
        const link = element("a", text);
        link.href = `entries/${row.id}.html`;
        cell.append(link);
      } else cell.append(text);
      if (detail) cell.append(" ", element("small", detail));
      made.append(cell);
    });
    return made;
  };

  const heading = (track) => {
    const made = element("tr", undefined, "track");
    const cell = element("th", `${track.title} `);
    cell.scope = "rowgroup";
    cell.colSpan = data.columns.length;
    cell.append(element("small", track.about));
    made.append(cell);
    return made;
  };

  const wanted = () => {
    const chosen = selects.filter((one) => one.value).map((one) => [data.columns.indexOf(one.dataset.column), one.value]);
    return data.rows.filter((row) => chosen.every(([at, value]) => row.cells[at][0] === value));
  };

  const sorted = (rows) => {
    if (!state.sort) return rows;
    const at = data.columns.indexOf(state.sort);
    const sign = state.down ? -1 : 1;
    const key = (row) => row.cells[at][2] ?? null;
    const isNumber = data.numeric.includes(state.sort);
    return [...rows].sort((a, b) => {
      if (!isNumber) return sign * (a.cells[at][0] < b.cells[at][0] ? -1 : a.cells[at][0] > b.cells[at][0] ? 1 : 0);
      const [x, y] = [key(a), key(b)];
      if (x === null || y === null) return (x === null) - (y === null);
      return sign * (x - y);
    });
  };

  const show = () => {
    const began = performance.now();
    const rows = sorted(wanted());
    const part = state.all ? rows : rows.slice(0, FIRST);
    const lines = document.createDocumentFragment();
    let track = -1;
    for (const row of part) {
      if (!state.sort && row.track !== track) { track = row.track; lines.append(heading(data.tracks[track])); }
      lines.append(row.line ??= line(row));
    }
    body.replaceChildren(lines);
    for (const button of buttons) {
      const on = button.dataset.sort === state.sort;
      button.closest("th").setAttribute("aria-sort", on ? (state.down ? "descending" : "ascending") : "none");
    }
    more.hidden = part.length === rows.length;
    more.textContent = `Show all ${rows.length}`;
    status.textContent = `${rows.length} of ${data.rows.length} entries${state.sort ? `, by ${state.sort}` : ""}`;
    table.dataset.milliseconds = String(performance.now() - began);
    remember();
  };

  const remember = () => {
    const words = new URLSearchParams();
    for (const one of selects) if (one.value) words.set(one.dataset.column, one.value);
    if (state.sort) words.set("sort", (state.down ? "-" : "") + state.sort);
    history.replaceState(null, "", words.size ? `#${words}` : location.pathname + location.search);
  };

  const recall = () => {
    const words = new URLSearchParams(location.hash.slice(1));
    if (!words.size) return;
    for (const one of selects) {
      const value = words.get(one.dataset.column);
      if ([...one.options].some((option) => option.value === value)) one.value = value;
    }
    const sort = words.get("sort") || "";
    const name = sort.replace("-", "");
    if (buttons.some((button) => button.dataset.sort === name)) { state.sort = name; state.down = sort.startsWith("-"); }
    loaded().then(show);
  };

  for (const button of buttons) button.addEventListener("click", () => {
    const name = button.dataset.sort;
    if (state.sort === name && state.down) { state.sort = ""; state.down = false; }
    else { state.down = state.sort === name; state.sort = name; }
    loaded().then(show);
  });
  for (const one of selects) one.addEventListener("change", () => loaded().then(show));
  more.addEventListener("click", () => { state.all = true; loaded().then(show); });
  document.getElementById("reset").addEventListener("click", () => {
    for (const one of selects) one.value = "";
    state.sort = ""; state.down = false; state.all = false;
    loaded().then(show);
  });
  recall();
})();
