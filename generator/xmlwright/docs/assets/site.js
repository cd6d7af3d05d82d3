// Everything a page does. Without this script all of a page is there to be read, samples one below the other.
"use strict";
(() => {
  const store = {
    get(name) { try { return localStorage.getItem("xmlwright." + name); } catch { return null; } },
    set(name, value) { try { localStorage.setItem("xmlwright." + name, value); } catch { /* none is kept */ } },
  };
  const root = document.documentElement;
  const chosen = store.get("theme");
  if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;  // before the first paint

  function make(tag, options = {}, ...inner) {
    const { data, ...rest } = options;
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(rest)) {
      if (name in element) element[name] = value; else element.setAttribute(name, value);
    }
    Object.assign(element.dataset, data || {});
    element.append(...inner);
    return element;
  }
  let numbers = 0;
  const fresh = (name) => `x-${name}-${++numbers}`;
  const all = (selector, inside = document) => [...inside.querySelectorAll(selector)];
  let said;
  function say(text) { said.textContent = ""; said.textContent = text; }

  // Words of the page's language; they are English here
  let words = null;
  function t(text) {
    if (!words) words = JSON.parse(document.body.dataset.words || "{}");
    return words[text] || text;
  }

  // Light and dark

  function theme() {
    const modes = ["system", "light", "dark"];
    const button = make("button", { type: "button", className: "theme" });
    const show = () => {
      const mode = root.dataset.theme || "system";
      button.textContent = t({ system: "Auto", light: "Light", dark: "Dark" }[mode]);
      button.setAttribute("aria-label", `${button.textContent}: ${t("colors of the pages. Change them")}`);
    };
    button.addEventListener("click", () => {
      const next = modes[(modes.indexOf(root.dataset.theme || "system") + 1) % modes.length];
      if (next === "system") delete root.dataset.theme; else root.dataset.theme = next;
      store.set("theme", next);
      show();
    });
    show();
    return button;
  }

  // Tabs: the label that is chosen once is chosen everywhere, on this page and the next

  function choose(group, name) {
    for (const tabs of all(`.tabs[data-tabs="${group}"]`)) {
      const buttons = all('[role="tab"]', tabs);
      if (!buttons.some((button) => button.dataset.name === name)) continue;
      for (const button of buttons) {
        const on = button.dataset.name === name;
        button.setAttribute("aria-selected", String(on));
        button.tabIndex = on ? 0 : -1;
        document.getElementById(button.getAttribute("aria-controls")).hidden = !on;
      }
    }
  }

  function tabs() {
    for (const box of all(".tabs")) {
      const group = box.dataset.tabs;
      const list = make("div", { role: "tablist" });
      list.setAttribute("aria-label", t(group === "answer" ? "The response as" : "The call as"));
      const panels = all(":scope > [data-tab]", box);
      panels.forEach((panel, index) => {
        panel.id = panel.id || fresh("panel");
        const button = make("button", { type: "button", role: "tab", id: fresh("tab"), data: { name: panel.dataset.tab } }, panel.dataset.label);
        button.setAttribute("role", "tab");
        button.setAttribute("aria-controls", panel.id);
        button.setAttribute("aria-selected", String(index === 0));
        button.tabIndex = index === 0 ? 0 : -1;
        panel.setAttribute("role", "tabpanel");
        panel.setAttribute("aria-labelledby", button.id);
        panel.hidden = index !== 0;
        list.append(button);
      });
      list.setAttribute("role", "tablist");
      list.addEventListener("click", (event) => {
        const button = event.target.closest('[role="tab"]');
        if (!button) return;
        const top = button.getBoundingClientRect().top;
        choose(group, button.dataset.name);
        store.set("tab." + group, button.dataset.name);
        const side = button.closest(".side");  // what was clicked stays under the pointer
        (side && side.scrollHeight > side.clientHeight ? side : window).scrollBy(0, button.getBoundingClientRect().top - top);
      });
      list.addEventListener("keydown", (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (!step) return;
        const buttons = all('[role="tab"]', list);
        const next = buttons[(buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length];
        next.click();
        next.focus();
        event.preventDefault();
      });
      box.prepend(list);
    }
    for (const group of new Set(all(".tabs").map((box) => box.dataset.tabs))) {
      const kept = store.get("tab." + group);
      if (kept) choose(group, kept);
    }
  }

  // One example at a time, where there are several

  function examples() {
    for (const side of all(".side")) {
      const found = all(":scope > .example", side);
      if (found.length < 2) continue;
      const id = fresh("pick");
      const select = make("select", { id });
      for (const item of found) select.append(make("option", { value: item.id }, item.querySelector(".case").textContent));
      const show = () => { for (const item of found) item.hidden = item.id !== select.value; };
      select.addEventListener("change", () => { show(); side.dispatchEvent(new Event("picked")); });
      side.prepend(make("p", { className: "pick" }, make("label", { htmlFor: id }, t("Example")), select));
      side.classList.add("picked");
      side.showExample = (name) => { select.value = name; show(); };
      show();
    }
  }

  // Copying

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const area = make("textarea", { value: text, className: "said" });
      document.body.append(area);
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      return done;
    }
  }

  function copying() {
    for (const pre of all("pre")) {
      if (pre.closest(".try")) continue;
      const holder = make("div", { className: "holder" });
      const button = make("button", { type: "button", className: "copy" }, t("Copy"));
      button.addEventListener("click", async () => {
        const done = await copy(pre.textContent);
        button.textContent = t(done ? "Copied" : "Not copied");
        say(button.textContent);
        setTimeout(() => { button.textContent = t("Copy"); }, 1500);
      });
      pre.replaceWith(holder);
      holder.append(pre, button);
    }
  }

  // Trying a call on a server of this machine, and on no other

  function loopback(text) {
    let url;
    try { url = new URL(text); } catch { return null; }
    const local = ["127.0.0.1", "localhost"].includes(url.hostname);
    return local && url.protocol === "http:" && !url.username && !url.password ? url : null;
  }

  // Puts credentials where the description says: headers, parameters of the query, or elements of the document
  function signed(facts, values, request) {
    const filled = (text) => text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
    const elements = [];
    for (const [place, text] of facts.sent) {
      const [source, name] = [place.split(":")[0], place.slice(place.indexOf(":") + 1)];
      if (place === "basic") {
        request.headers.Authorization = "Basic " + btoa(String.fromCharCode(...new TextEncoder().encode(filled(text))));
      } else if (source === "header") request.headers[name] = filled(text);
      else if (source === "query") request.target.searchParams.set(name, filled(text));
      else if (source === "form") request.body += `${request.body ? "&" : ""}${name}=${encodeURIComponent(filled(text))}`;
      else elements.push([place.split("/"), filled(text)]);
    }
    if (elements.length && request.body) request.body = withElements(request.body, elements);
    return request;
  }

  function withElements(text, elements) {
    const tree = new DOMParser().parseFromString(text, "application/xml");
    const top = tree.documentElement;
    let first = top.firstChild;
    for (const [path, value] of elements) {
      let holder = top;
      for (const name of path) {
        let next = [...holder.children].find((child) => child.localName === name);
        if (!next) {
          next = tree.createElementNS(top.namespaceURI, name);
          holder.insertBefore(next, holder === top ? first : null);
        }
        holder = next;
      }
      holder.textContent = value;
    }
    return new XMLSerializer().serializeToString(tree);
  }

  function trying() {
    const facts = JSON.parse(document.body.dataset.credentials || '{"options": [], "sent": []}');
    const disk = location.protocol === "file:";  // a page from disk has the origin "null", which the sandbox accepts with its key only
    for (const box of all(".try")) {
      const side = box.closest(".side");
      const shown = () => all(":scope > .example", side).find((item) => !item.hidden) || side.querySelector(".example");
      const names = { url: fresh("url"), call: fresh("call"), body: fresh("body") };
      const url = make("input", { id: names.url, type: "url", spellcheck: false, autocomplete: "off", value: store.get("try.url") || `http://127.0.0.1:8080${document.body.dataset.address || "/"}` });
      const call = make("input", { id: names.call, type: "text", spellcheck: false, autocomplete: "off" });
      const inputs = facts.options.map(([name, value]) => [name, make("input", { id: fresh(name), type: "text", spellcheck: false, autocomplete: "off", value: store.get(`try.${name}`) || value })]);
      const key = make("input", { id: fresh("key"), type: "text", spellcheck: false, autocomplete: "off", value: store.get("try.key") || "" });
      const body = make("textarea", { id: names.body, spellcheck: false, value: box.dataset.document });
      const bound = shown().dataset.verb !== undefined;
      let headers = { "Content-Type": "application/xml" };
      const pick = () => {
        const one = shown();
        if (!bound) { body.value = one.querySelector('[data-tab="xml"] pre').textContent; return; }
        const base = (document.body.dataset.address || "/").replace(/\/$/, "");
        const target = one.dataset.target.startsWith(base) ? one.dataset.target.slice(base.length) : one.dataset.target;
        call.value = `${one.dataset.verb} ${target}`;
        headers = JSON.parse(one.dataset.headers);
        body.value = one.dataset.body;
      };
      if (bound) pick();
      const status = make("p", { className: "status" });
      status.setAttribute("role", "status");
      const answer = make("pre", { hidden: true, tabIndex: 0 });
      const send = make("button", { type: "button", className: "send" }, t("Send"));
      send.addEventListener("click", async () => {
        const base = loopback(url.value);
        answer.hidden = true;
        status.classList.toggle("bad", !base);
        if (!base) {
          status.textContent = t("Not sent: only http://127.0.0.1 and http://localhost can be tried from here.");
          return;
        }
        store.set("try.url", url.value);
        if (disk) store.set("try.key", key.value);
        for (const [name, input] of inputs) store.set(`try.${name}`, input.value);
        const [verb, path] = bound ? call.value.trim().split(/\s+/, 2) : ["POST", ""];
        const target = path ? loopback(url.value.replace(/\/$/, "") + path) : base;
        const values = Object.fromEntries(inputs.map(([name, input]) => [name, input.value]));
        const request = signed(facts, values, { target, headers: { ...headers }, body: body.value });
        if (disk && key.value) request.headers["X-Sandbox-Key"] = key.value;
        const bare = ["GET", "HEAD"].includes(verb) || (bound && !request.body);
        if (bare) delete request.headers["Content-Type"];
        status.textContent = t("Sending");
        const begun = performance.now();
        try {
          const found = await fetch(request.target, { method: verb, headers: request.headers, body: bare ? undefined : request.body, redirect: "error", credentials: "omit", cache: "no-store" });
          const text = await found.text();
          status.textContent = `${found.status} ${found.statusText} in ${Math.round(performance.now() - begun)} ms`;
          status.classList.toggle("bad", !found.ok);
          answer.textContent = text;
          answer.hidden = false;
        } catch (error) {
          status.classList.add("bad");
          status.textContent = `${t("No response from")} ${base.origin}. ${t(disk ? "Is the server running, and is the sandbox key right?" : "Is the server running, and does it allow calls from pages (CORS)?")} ${error.message}`;
        }
      });
      box.append(
        make("p", { className: "muted" }, t("Start one with") + " ", make("code", {}, "xmlwright sandbox --http --port 8080"), t(disk ? ", which prints the credentials and the key. Nothing is sent to other machines." : ", which prints the credentials. Nothing is sent to other machines.")),
        make("label", { htmlFor: names.url }, t("Address")), url,
        ...inputs.flatMap(([name, input]) => [make("label", { htmlFor: input.id }, name[0].toUpperCase() + name.slice(1).replaceAll("_", " ")), input]),
        ...(disk ? [make("label", { htmlFor: key.id }, t("Sandbox key")), key] : []),
        ...(bound ? [make("label", { htmlFor: names.call }, t("Call")), call] : []),
        make("label", { htmlFor: names.body }, t(bound ? "Body" : "Request")), body,
        make("div", { className: "row" }, send, status), answer,
      );
      side.addEventListener("picked", pick);
      box.classList.add("ready");
    }
  }

  // Where facts are known from: one control for all of a page

  function sources() {
    const first = document.querySelector(".body .known");
    if (!first) return;
    root.classList.toggle("unsourced", store.get("sources") !== "shown");
    for (const title of all(".body").filter((body) => body.querySelector(".known"))) {
      const button = make("button", { type: "button", className: "sources" });
      const show = () => { button.textContent = t(root.classList.contains("unsourced") ? "Show sources" : "Hide sources"); };
      button.addEventListener("click", () => {
        const hidden = root.classList.toggle("unsourced");
        store.set("sources", hidden ? "hidden" : "shown");
        show();
      });
      show();
      title.prepend(button);
    }
  }

  // Searching

  let index = null;
  const vocabulary = new Map();  // word -> how many entries have it
  function load() {
    if (index) return Promise.resolve();
    if (window.searchIndex) {
      index = window.searchIndex.map((row) => {
        const name = row[1].toLowerCase();
        return { kind: row[0], name: row[1], summary: row[2], href: row[3], low: name, bare: single(name), spaced: parts(row[1]).join(" "), last: EXACT.has(row[0]) ? [single(name.split(".").pop())] : parts(row[1].split(/[.:]\s*/).pop()), text: `${name} ${row[2].toLowerCase()}` };
      });
      for (const item of index) {
        for (const word of new Set(item.text.match(/[\p{L}\p{N}]{3,}/gu))) vocabulary.set(word, (vocabulary.get(word) || 0) + 1);
      }
      return Promise.resolve();
    }
    return new Promise((done) => {
      const script = make("script", { src: document.body.dataset.root + "assets/search.js" });
      script.addEventListener("load", () => load().then(done));
      document.head.append(script);
    });
  }

  const WEIGHT = { method: 10, resource: 12, guide: 9, page: 9, error: 7, event: 1, record: 4, enum: 3, argument: 2, field: 3, word: 1, name: 2, heading: 8 };

  const EXACT = new Set(["name", "word", "enum", "record", "argument", "field"]);  // found first by the whole name alone
  const single = (word) => (word.length > 4 ? word.replace(/s$/, "") : word);

  // The words of a name: "sendByEmail" and "send_by_email" have three
  function parts(name) {
    return name.replace(/(\p{Ll})(\p{Lu})/gu, "$1 $2").toLowerCase().split(/[^\p{L}\p{N}]+/u).filter(Boolean).map(single);
  }

  const STOP = new Set("a an and are can do does for from how i in is it of on or the to what when where which with".split(" "));

  // Whether one letter was changed, added, left out, or swapped with its neighbor
  function typo(left, right) {
    if (Math.abs(left.length - right.length) > 1 || left === right) return false;
    let at = 0;
    while (at < left.length && left[at] === right[at]) at++;
    const [a, b] = [left.slice(at), right.slice(at)];
    return a.slice(1) === b.slice(1) || a.slice(1) === b || a === b.slice(1)
      || (a[0] === b[1] && a[1] === b[0] && a.slice(2) === b.slice(2));
  }

  function corrected(word) {
    if (word.length < 4 || index.some((item) => item.text.includes(word))) return word;
    let best = word;
    for (const [other, count] of vocabulary) {
      if (typo(word, other) && count > (vocabulary.get(best) || 0)) best = other;
    }
    if (best !== word || /\P{L}/u.test(word)) return best;
    for (let size = word.length - 1; size > 4; size--) {  // another form of the word: "pagination", "paging"
      const start = word.slice(0, size);
      if ([...vocabulary.keys()].some((other) => other.startsWith(start))) return start;
    }
    return word;
  }

  function wordsOf(query) {
    const words = query.toLowerCase().split(/[\s?!,]+/).filter(Boolean);
    const kept = words.filter((word) => !STOP.has(word));
    return (kept.length ? kept : words).map((word) => corrected(single(word)));
  }

  function find(query) {
    const words = wordsOf(query);
    const most = ranked(words, words.length > 2 ? 1 : 0);
    return most.length ? most : ranked(words, words.length - 1);
  }

  // Entries that lack at most so many of the words
  function ranked(words, lacking) {
    const phrase = words.join(" ");
    const found = [];
    for (const item of index) {
      let score = 0;
      let missing = 0;
      for (const word of words) {
        const at = item.text.indexOf(word);
        if (at < 0) { if (++missing > lacking) break; score -= 15; continue; }
        score += at < item.low.length ? 10 : 2;
        if (item.last.includes(word)) score += item.last.length === 1 ? 25 : 15;
        else if (item.last[0] && item.last[0].startsWith(word)) score += 10;
        if (at === 0 || /[^a-z0-9]/.test(item.text[at - 1])) score += 4;
      }
      if (missing > lacking) continue;
      if (item.bare === phrase) score += 60;
      if (words.length > 1 && (item.text.includes(phrase) || item.spaced.includes(phrase))) score += 20;
      found.push([score + (WEIGHT[item.kind] || 0) - item.low.length / 100, item]);
    }
    found.sort((left, right) => right[0] - left[0] || (left[1].low < right[1].low ? -1 : 1));
    return found.slice(0, 40).map((pair) => pair[1]);
  }
  window.xmlwrightFind = (query) => load().then(() => {
    const begun = performance.now();
    const found = find(query);
    return { milliseconds: performance.now() - begun, found: found.map((item) => ({ kind: item.kind, name: item.name, href: item.href })) };
  });

  function marked(text, words) {
    const holder = make("span");
    const low = text.toLowerCase();
    let at = 0;
    while (at < text.length) {
      const next = words.map((word) => [low.indexOf(word, at), word]).filter((pair) => pair[0] >= 0).sort((a, b) => a[0] - b[0])[0];
      if (!next) break;
      holder.append(text.slice(at, next[0]), make("mark", {}, text.slice(next[0], next[0] + next[1].length)));
      at = next[0] + next[1].length;
    }
    holder.append(text.slice(at));
    return holder;
  }

  function searching() {
    const list = make("ul", { id: "search-results" });
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", t("Results"));
    const input = make("input", { type: "search", placeholder: t("Method, field, guide, error message..."), autocomplete: "off", spellcheck: false });
    for (const [name, value] of Object.entries({ role: "combobox", "aria-label": t("Search"), "aria-expanded": "false", "aria-controls": list.id, "aria-autocomplete": "list" })) input.setAttribute(name, value);
    const hint = make("p", { className: "hint" }, t("Arrows to choose, Enter to open, Esc to close"));
    const dialog = make("dialog", { className: "search" }, input, list, hint);
    dialog.setAttribute("aria-label", t("Search"));
    document.body.append(dialog);
    let at = 0;
    const items = () => all("li", list);
    const select = (next) => {
      const found = items();
      at = Math.max(0, Math.min(next, found.length - 1));
      found.forEach((item, number) => item.setAttribute("aria-selected", String(number === at)));
      if (found[at]) {
        input.setAttribute("aria-activedescendant", found[at].id);
        found[at].scrollIntoView({ block: "nearest" });
      }
    };
    const shut = () => {
      input.blur(); // Left alone, it would have the keys until the next frame, and "/" would be typed into it.
      dialog.close();
    };
    const go = (item) => {
      if (!item) return;
      shut();
      location.href = item.dataset.href;
    };
    const show = () => {
      const query = input.value.trim();
      const words = index ? wordsOf(query) : [];
      const found = query && index ? find(query) : [];
      list.replaceChildren(...found.map((item, number) => {
        const row = make("li", { id: `search-${number}`, data: { href: address(item.href) } },
          make("span", { className: "kind" }, t(item.kind)), make("span", { className: "name" }, marked(item.name, words)),
          make("span", { className: "summary" }, marked(item.summary, words)));
        row.setAttribute("role", "option");
        return row;
      }));
      input.setAttribute("aria-expanded", String(found.length > 0));
      hint.textContent = query && index && !found.length ? t("No results") : t("Arrows to choose, Enter to open, Esc to close");
      select(0);
    };
    input.addEventListener("input", show);
    input.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown") select(at + 1);
      else if (event.key === "ArrowUp") select(at - 1);
      else if (event.key === "Enter") go(items()[at]);
      else if (event.key === "Escape") shut(); // A search field would be emptied first.
      else return;
      event.preventDefault();
    });
    list.addEventListener("click", (event) => go(event.target.closest("li")));
    dialog.addEventListener("click", (event) => { if (event.target === dialog) shut(); });
    return () => {
      if (dialog.open) return;
      dialog.showModal();
      input.select();
      load().then(show);
    };
  }

  const address = (href) => (window.wholeSite ? "#" + window.wholeSite(href) : document.body.dataset.root + href);

  // All in one file: one page is shown at a time, and the address says which

  function pages() {
    const found = all(".page");
    if (!found.length) return;
    document.body.classList.add("whole");
    const show = () => {
      let wanted = decodeURIComponent(location.hash.slice(1));
      const target = wanted && document.getElementById(wanted);
      const page = (target && target.closest(".page")) || found[0];
      for (const each of found) each.hidden = each !== page;
      document.title = page.dataset.title;
      for (const link of all(".nav [aria-current]")) link.removeAttribute("aria-current");
      const current = all(".nav a").find((link) => link.getAttribute("href") === "#" + page.id);
      if (current) { current.setAttribute("aria-current", "page"); current.scrollIntoView({ block: "nearest" }); }
      if (target && target !== page) { reveal(target); target.scrollIntoView(); } else window.scrollTo(0, 0);
    };
    window.addEventListener("hashchange", show);
    show();
  }

  // What an address leads to is shown, also inside something folded

  function reveal(target) {
    for (let each = target; each; each = each.parentElement) if (each.tagName === "DETAILS") each.open = true;
    const example = target.closest(".side > .example");
    if (example && example.parentElement.showExample) example.parentElement.showExample(example.id);
  }

  // The other versions of the documentation, beside this one: the same page, where they have it

  function versions() {
    const own = document.body.dataset.release;
    if (!own || !window.siteVersions) return [];
    const known = new Map(window.siteVersions);
    const select = make("select", { className: "versions" });
    select.setAttribute("aria-label", t("Version"));
    for (const name of known.keys()) select.append(make("option", { value: name, selected: name === own }, name));
    select.addEventListener("change", () => {
      const page = document.body.dataset.page;
      const there = known.get(select.value).includes(page) ? page : "index.html";
      location.href = `${document.body.dataset.root}../${encodeURIComponent(select.value)}/${there}`;
    });
    return [select];
  }

  function start() {
    said = make("div", { className: "said" });
    said.setAttribute("role", "status");
    document.body.append(said);
    const tools = document.querySelector(".tools");
    const open = searching();
    const search = make("button", { type: "button", className: "find" }, make("span", {}, t("Search")), make("kbd", {}, "/"));
    search.addEventListener("click", open);
    const menu = make("button", { type: "button", className: "menu" }, t("Menu"));
    menu.setAttribute("aria-expanded", "false");
    menu.setAttribute("aria-controls", "navigation");
    const fold = (on) => { document.body.classList.toggle("open", on); menu.setAttribute("aria-expanded", String(on)); };
    menu.addEventListener("click", () => fold(!document.body.classList.contains("open")));
    document.getElementById("navigation").addEventListener("click", (event) => { if (event.target.closest("a")) fold(false); });
    tools.append(search, theme(), menu);
    document.getElementById("navigation").prepend(...versions());
    examples();
    trying();
    tabs();
    copying();
    sources();
    pages();
    const current = document.querySelector(".nav [aria-current]");
    if (current) {
      const box = document.querySelector(".nav");
      const top = current.getBoundingClientRect().top - box.getBoundingClientRect().top;
      if (top > box.clientHeight - 60) box.scrollTop = top - box.clientHeight / 2;
    }
    const arrive = () => {
      const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
      if (target) { reveal(target); target.scrollIntoView(); }
    };
    if (!document.body.classList.contains("whole")) {
      window.addEventListener("hashchange", arrive);
      if (location.hash) arrive();
    }
    document.addEventListener("keydown", (event) => {
      const typing = event.target.closest("input, textarea, select, [contenteditable]");
      if ((event.key === "/" && !typing) || (event.key === "k" && (event.ctrlKey || event.metaKey))) {
        open();
        event.preventDefault();
      } else if (event.key === "Escape") fold(false);
    });
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start); else start();
})();
