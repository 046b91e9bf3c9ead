// Captured mail in a browser. What a message says is only ever set as text; its HTML is shown by the server,
// as a document of its own, in a frame that may run nothing.

const POLL_MS = 1500;
const POLL_HIDDEN_MS = 15000;
const POLL_GONE_MS = 3000;
const SOURCE_SHOWN_BYTES = 512 * 1024;
const DEVELOPMENT_KEY = "re_dev_postroom";
const SEEN_KEY = "postroom-inbox-seen";
const SEEN_KEPT = 2000;
// What a browser would load from elsewhere to show a mail. Links load nothing.
const REMOTE = /(?:\b(?:src|srcset|background|href)\s*=\s*["']?|url\(\s*["']?)\s*(?:https?:)?\/\//i;
const LINKS = /<a\b[^>]*>/gi;
const TABS = ["html", "text", "source", "headers"];

const $ = (id) => document.getElementById(id);

const state = {
  rows: new Map(), // message id -> its list item
  messages: [], // newest first
  listed: false, // whether the server has answered at all
  open: null, // id of the message that is shown
  missing: null, // an id that was asked for and not there: asked for once
  chosenTab: "html", // what the reader chose last
  shownTab: "html", // another one, when the message has no HTML
  seen: loadSeen(),
  timer: 0,
  polling: 0, // number of the newest poll: an older answer is thrown away
};

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

// --- what was read before, kept in this browser -----------------------------------------------------------------

function loadSeen() {
  try {
    return new Set(JSON.parse(localStorage.getItem(SEEN_KEY) ?? "[]"));
  } catch {
    return new Set(); // storage is off, or holds something else
  }
}

function markSeen(id) {
  state.seen.add(id);
  try {
    localStorage.setItem(SEEN_KEY, JSON.stringify([...state.seen].slice(-SEEN_KEPT)));
  } catch {
    // Storage is off: the mark lasts as long as the page.
  }
}

// --- the server ---------------------------------------------------------------------------------------------------

const messageUrl = (id, rest = "") => `/inbox/messages/${encodeURIComponent(id)}${rest}`;

async function get(url, options = {}) {
  const answer = await fetch(url, { cache: "no-store", ...options });
  if (!answer.ok) {
    throw Object.assign(new Error(`The server answered ${answer.status}.`), { status: answer.status });
  }
  return answer;
}

async function poll() {
  clearTimeout(state.timer);
  const number = ++state.polling;
  const wanted = $("filter").value.trim();
  let wait = document.hidden ? POLL_HIDDEN_MS : POLL_MS;
  try {
    const answer = await get(`/inbox/messages${wanted ? `?to=${encodeURIComponent(wanted)}` : ""}`);
    const { data } = await answer.json();
    if (number !== state.polling) return;
    showStatus("live", "Live");
    showList(data, wanted);
  } catch (problem) {
    if (number !== state.polling) return;
    wait = Math.max(wait, POLL_GONE_MS);
    showStatus("gone", problem.status ? `${problem.message} Trying again…` : "Postroom does not answer. Trying again…");
  }
  state.timer = setTimeout(poll, wait);
}

function showStatus(name, text) {
  const status = $("status");
  if (status.textContent === text) return; // said once, not at every poll
  status.dataset.state = name;
  status.textContent = text;
}

// --- the list -----------------------------------------------------------------------------------------------------

function showList(messages, wanted) {
  state.messages = messages;
  state.listed = true;
  const list = $("messages");
  const there = new Set(messages.map((message) => message.id));
  for (const [id, row] of state.rows) {
    if (!there.has(id)) {
      row.remove();
      state.rows.delete(id);
    }
  }
  // Rows stay the same elements, so that focus and scroll position outlive an update.
  messages.forEach((message, index) => {
    const row = state.rows.get(message.id) ?? makeRow(message);
    state.rows.set(message.id, row);
    if (list.children[index] !== row) list.insertBefore(row, list.children[index] ?? null);
  });
  markRows();
  $("count").textContent = messages.length === 1 ? "1 message" : `${messages.length} messages`;
  $("no-match").hidden = messages.length > 0 || !wanted;
  $("no-match").textContent = `No message to “${wanted}”.`;
  $("panes").dataset.empty = String(messages.length === 0 && !wanted);
  if (!state.open) showHash();
}

function makeRow(message) {
  const sent = parseTime(message.received_at);
  const link = element("a", { href: `#${message.id}` });
  link.append(
    element("span", { className: "dot", ariaHidden: "true" }),
    element("span", { className: "subject", textContent: message.subject || "(no subject)" }),
    element("time", { dateTime: sent.toISOString(), textContent: shortTime(sent) }),
    element("span", { className: "route" },
      element("span", { textContent: message.from }),
      element("span", { className: "arrow", textContent: " → " }),
      element("span", { textContent: message.to.join(", ") }),
    ),
    element("span", { className: "unseen unread-word", textContent: "unread" }),
  );
  return element("li", {}, link);
}

function markRows() {
  let unread = 0;
  for (const [id, row] of state.rows) {
    const fresh = !state.seen.has(id);
    unread += fresh ? 1 : 0;
    row.classList.toggle("unread", fresh);
    row.querySelector(".unread-word").hidden = !fresh;
    if (id === state.open) row.firstChild.setAttribute("aria-current", "true");
    else row.firstChild.removeAttribute("aria-current");
  }
  document.title = `${unread ? `(${unread}) ` : ""}Inbox · Postroom`;
}

const parseTime = (text) => new Date(/(Z|[+-]\d\d:\d\d)$/.test(text) ? text : `${text}Z`);

function shortTime(time) {
  const today = time.toDateString() === new Date().toDateString();
  const format = today
    ? { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }
    : { day: "numeric", month: "short" };
  return new Intl.DateTimeFormat(undefined, format).format(time);
}

function readableSize(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

// --- one message --------------------------------------------------------------------------------------------------

function showHash() {
  const wanted = decodeURIComponent(location.hash.slice(1));
  // `make send` prints a link with the email's id; a list entry links the message's.
  const found = state.messages.find((message) => message.id === wanted || message.email_id === wanted);
  if (found) openMessage(found.id);
  else if (!wanted) closeMessage();
  else if (wanted !== state.missing && state.listed) openMessage(wanted);
}

function showPane(name) {
  const empty = $("panes").dataset.empty === "true";
  for (const id of ["empty", "hint", "message", "gone"]) {
    $(id).hidden = id !== (name === "hint" && empty ? "empty" : name);
  }
  $("panes").dataset.reading = String(name === "message" || name === "gone");
}

function closeMessage() {
  state.open = null;
  state.missing = null;
  markRows();
  showPane("hint");
}

async function openMessage(id) {
  if (state.open === id) return;
  state.open = id;
  markRows();
  try {
    const message = await (await get(messageUrl(id))).json();
    if (state.open !== id) return;
    markSeen(id);
    markRows();
    fillMessage(message);
    showPane("message");
    $("subject").closest(".reader").scrollTop = 0;
    state.rows.get(id)?.scrollIntoView({ block: "nearest" });
  } catch (problem) {
    if (state.open !== id) return;
    state.open = null; // a server that is away is asked again when it is back
    state.missing = problem.status ? id : null;
    $("gone").textContent = problem.status === 404
      ? "This message is not here. It may still be on its way: the list shows it when it arrives."
      : "This message could not be read.";
    showPane("gone");
  }
}

function fillMessage(message) {
  const sent = parseTime(message.received_at);
  $("subject").textContent = message.subject || "(no subject)";
  fillPairs($("envelope"), [
    ["From", message.from],
    ["To", message.to.join(", ")],
    ["Received", `${sent.toLocaleString()} · ${readableSize(message.size)}`],
    ["Email", message.email_id],
  ]);
  fillPairs($("headers"), message.headers.map(({ name, value }) => [name, value]));
  $("text").textContent = message.text ?? "This message has no text part.";
  $("text").classList.toggle("absent", message.text === null);
  $("download").href = messageUrl(message.id, "/raw");
  $("download").download = `${message.email_id}.eml`;
  fillAttachments(message);
  $("source").textContent = "";
  $("source").dataset.of = "";
  $("tab-html").disabled = !message.has_html;
  $("remote").dataset.wanted = "false";
  $("panel-html").replaceChildren();
  if (message.has_html) {
    showFrame(message.id, false);
    offerRemote(message.id);
  }
  showTab(state.chosenTab === "html" && !message.has_html ? "text" : state.chosenTab);
}

function fillPairs(list, pairs) {
  list.replaceChildren(...pairs.flatMap(([name, value]) => [
    element("dt", { textContent: name }),
    element("dd", { textContent: value }),
  ]));
}

function fillAttachments(message) {
  $("attachments").hidden = message.attachments.length === 0;
  $("attachment-list").replaceChildren(...message.attachments.map((file) => element("li", {}, element(
    "a",
    { href: messageUrl(message.id, `/attachments/${file.index}`), download: file.filename || "attachment" },
    element("span", { textContent: file.filename || "attachment" }),
    element("small", { textContent: ` ${file.content_type}, ${readableSize(file.size)}` }),
  ))));
}

function showFrame(id, remote) {
  const frame = element("iframe", { title: "The message as HTML", referrerPolicy: "no-referrer" });
  frame.setAttribute("sandbox", ""); // nothing is allowed: no scripts, no forms, no windows, no origin
  frame.src = messageUrl(id, `/html?remote=${remote ? 1 : 0}`);
  // A new element, because another src in the old one would become a step of the browser's history.
  $("panel-html").replaceChildren(frame);
}

async function offerRemote(id) {
  let html;
  try {
    html = await (await get(messageUrl(id, "/html?remote=0"))).text();
  } catch {
    return; // the frame shows what went wrong
  }
  if (state.open !== id) return;
  $("remote").dataset.wanted = String(REMOTE.test(html.replace(LINKS, "")));
  markRemote();
}

function markRemote() {
  $("remote").hidden = state.shownTab !== "html" || $("remote").dataset.wanted !== "true";
}

async function showSource(id) {
  if ($("source").dataset.of === id) return;
  $("source").dataset.of = id;
  $("source").textContent = "Loading…";
  try {
    const reader = (await get(messageUrl(id, "/raw"))).body.getReader();
    const decoder = new TextDecoder();
    let text = "";
    let read = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      read += value.length;
      text += decoder.decode(value, { stream: true });
      if (read > SOURCE_SHOWN_BYTES) {
        await reader.cancel();
        text += "\n\n… and more: download the .eml to see all of it.";
        break;
      }
    }
    if (state.open === id) $("source").textContent = text;
  } catch {
    if (state.open === id) $("source").textContent = "The source could not be read.";
  }
}

function showTab(name) {
  for (const tab of TABS) {
    const chosen = tab === name;
    $(`tab-${tab}`).setAttribute("aria-selected", String(chosen));
    $(`tab-${tab}`).tabIndex = chosen ? 0 : -1;
    $(`panel-${tab}`).hidden = !chosen;
  }
  state.shownTab = name;
  markRemote();
  if (name === "source" && state.open) showSource(state.open);
}

// --- what a person does -------------------------------------------------------------------------------------------

function step(by) {
  const index = state.messages.findIndex((message) => message.id === state.open);
  const next = state.messages[index < 0 ? 0 : index + by];
  if (!next) return;
  location.hash = next.id;
  state.rows.get(next.id).firstChild.focus();
}

$("messages").addEventListener("keydown", (event) => {
  const row = event.target.closest("li");
  const target = { ArrowDown: row?.nextElementSibling, ArrowUp: row?.previousElementSibling }[event.key];
  if (!target) return;
  event.preventDefault();
  target.firstChild.focus();
});

for (const tab of TABS) {
  $(`tab-${tab}`).addEventListener("click", () => showTab((state.chosenTab = tab)));
  $(`tab-${tab}`).addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    const usable = TABS.filter((name) => !$(`tab-${name}`).disabled);
    const next = usable.at((usable.indexOf(tab) + by) % usable.length);
    showTab((state.chosenTab = next));
    $(`tab-${next}`).focus();
  });
}

document.addEventListener("keydown", (event) => {
  if (event.target.matches("input") || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "j") step(1);
  else if (event.key === "k") step(-1);
  else if (event.key === "/") $("filter").focus();
  else return;
  event.preventDefault();
});

$("remote").addEventListener("click", () => {
  showFrame(state.open, true);
  $("remote").dataset.wanted = "false";
  markRemote();
});

$("copy").addEventListener("click", async () => {
  try {
    await navigator.clipboard.writeText($("curl").textContent);
    $("copy").textContent = "Copied";
  } catch {
    getSelection().selectAllChildren($("curl")); // no right to write: the reader's own copy takes it
  }
});

$("filter").addEventListener("input", poll);
$("filter-form").addEventListener("submit", (event) => event.preventDefault());
window.addEventListener("hashchange", showHash);
document.addEventListener("visibilitychange", () => document.hidden || poll());

$("curl").textContent = [
  `curl ${location.origin}/emails \\`,
  `  -H 'Authorization: Bearer ${DEVELOPMENT_KEY}' \\`,
  "  -H 'Content-Type: application/json' \\",
  `  -d '{"from": "you@example.com", "to": "delivered@resend.dev",`,
  `       "subject": "Hello", "html": "<p>It works.</p>"}'`,
].join("\n");
poll();
