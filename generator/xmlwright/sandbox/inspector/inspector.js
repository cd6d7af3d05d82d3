// What the pages do beyond links and forms: calls arrive as they are made, a call opens beside the list, texts are copied.
"use strict";

const base = document.body.dataset.base;
const list = document.getElementById("calls");
const detail = document.getElementById("detail");
const MOST_ROWS = 1000;

// ---- copying

async function copy(text) {
  if (navigator.clipboard && window.isSecureContext) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest(".copy");
  if (!button) return;
  const said = button.textContent;
  try {
    await copy(document.getElementById(button.dataset.copy).textContent);
    button.textContent = "Copied";
    button.classList.add("done");
  } catch {
    button.textContent = "Could not copy";
  }
  setTimeout(() => {
    button.textContent = said;
    button.classList.remove("done");
  }, 1400);
});

// ---- the list and the call beside it

const wide = window.matchMedia("(min-width: 62.01rem)");

async function open(link, push) {
  const answer = await fetch(`${link.pathname}?part=1`);
  if (!answer.ok) {
    location.href = link.href;
    return;
  }
  detail.innerHTML = await answer.text();
  detail.parentElement.classList.add("has-detail");
  for (const other of list.querySelectorAll("[aria-current]")) other.removeAttribute("aria-current");
  const row = list.querySelector(`[data-id="${link.dataset.id}"]`);
  if (row) row.setAttribute("aria-current", "true");
  if (push) history.pushState(null, "", link.pathname);
  window.scrollTo(0, 0);
}

if (list) {
  list.addEventListener("click", (event) => {
    const link = event.target.closest("a.call");
    if (!link || !wide.matches || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    open(link, true);
  });
  window.addEventListener("popstate", () => {
    const link = list.querySelector(`a.call[href="${location.pathname}"]`);
    if (link && wide.matches) open(link, false);
    else location.reload();
  });
  document.addEventListener("keydown", (event) => {
    const step = { j: 1, k: -1 }[event.key];
    if (!step || !wide.matches || event.target.closest("input, select, textarea")) return;
    const rows = [...list.querySelectorAll("li:not([hidden]) a.call")];
    const now = rows.findIndex((row) => row.hasAttribute("aria-current"));
    const next = rows[Math.max(0, Math.min(rows.length - 1, now + step))];
    if (!next) return;
    open(next, true);
    next.scrollIntoView({ block: "nearest" });
  });
}

// ---- the filter, at once

const filter = document.querySelector(".filter");

function fits(row) {
  const wanted = filter.elements.q.value.trim().toLowerCase();
  const failed = filter.elements.failed.checked;
  const call = row.querySelector(".call");
  return (!failed || call.classList.contains("fail")) && (!wanted || call.textContent.toLowerCase().includes(wanted));
}

function sift() {
  for (const row of list.children) row.hidden = !fits(row);
  document.getElementById("no-calls").hidden = [...list.children].some((row) => !row.hidden);
}

if (filter) {
  filter.addEventListener("submit", (event) => event.preventDefault());
  filter.addEventListener("input", sift);
}

// ---- what happens now

const live = document.getElementById("live");
const stream = new EventSource(`${base}/events`);
stream.addEventListener("open", () => {
  live.classList.add("on");
  live.title = "live";
});
stream.addEventListener("error", () => {
  live.classList.remove("on");
  live.title = "not live";
});
stream.addEventListener("call", (event) => {
  const update = JSON.parse(event.data);
  document.getElementById("clock").textContent = update.clock;
  if (!list) return;
  list.insertAdjacentHTML("afterbegin", update.row);
  const row = list.firstElementChild;
  row.querySelector(".call").classList.add("new");
  row.hidden = !fits(row);
  if (!row.hidden) document.getElementById("no-calls").hidden = true;
  while (list.children.length > MOST_ROWS) list.lastElementChild.remove();
});
stream.addEventListener("clear", () => {
  if (list) location.href = `${base}/`;
});
window.addEventListener("pagehide", () => stream.close());
