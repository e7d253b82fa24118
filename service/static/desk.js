// The desk, faster: keys, the next card at once, undo for ten seconds, who else looks.
// Whatever this does, the forms do without it; it decides nothing by itself.
"use strict";

const LOW = 8; // cards left at which more are fetched
const UNDO_MS = 10_000; // until the server has said how long
const LOOK_MS = 45_000; // the server forgets after 60 s
const PASSED_BY_MS = 400; // a card that was left sooner was not looked at
const TIMES_MS = 20_000; // how often "3 min ago" is renewed
const HEADERS = { "X-Requested-With": "desk", Accept: "application/json" };
const KEYS_OFF = "desk.keys";
const TYPING =
  "select, textarea, [contenteditable], " +
  "input:not([type=checkbox]):not([type=radio]):not([type=button])";

const find = (selector, within = document) => within.querySelector(selector);
const findAll = (selector, within = document) => [...within.querySelectorAll(selector)];

const list = find("[data-cards]");
const bulk = find("#bulk");
const undoBar = find("#undo");
const help = find("#help");

// ---- Saying what was done -------------------------------------------------------

function say(words) {
  const said = find("#said");
  const message = document.createElement("p");
  message.className = "unseen";
  message.textContent = words;
  said.replaceChildren(message);
}

// ---- Asking the server ----------------------------------------------------------

class Refused extends Error {
  constructor(words, status) {
    super(words);
    // Somebody else was first: there is nothing left to decide in the list.
    this.isSettled = status === 409;
  }
}

async function ask(url, body) {
  let response;
  try {
    // What was decided arrives even if the page is left at once.
    const keepalive = Boolean(body);
    const method = body ? "POST" : "GET";
    response = await fetch(url, { method, body, headers: HEADERS, keepalive });
  } catch {
    throw new Refused("The desk cannot be reached. Nothing was decided.");
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) {
    const words = answer.said || `The desk answered ${response.status}.`;
    throw new Refused(words, response.status);
  }
  return answer;
}

function fields(form, button) {
  return new URLSearchParams(new FormData(form, button));
}

function withToken(values) {
  const token = find("meta[name=csrf-token]").content;
  return new URLSearchParams([["csrf_token", token], ...values]);
}

// ---- Cards: which one is current, and moving ------------------------------------

let current = null;

const cards = () => findAll(".card");

function setCurrent(card) {
  if (card === current) return;
  current?.classList.remove("current");
  current?.removeAttribute("aria-current");
  current = card;
  card?.classList.add("current");
  card?.setAttribute("aria-current", "true");
  lookSoon();
}

function goTo(card) {
  setCurrent(card);
  if (!card) return;
  card.focus({ preventScroll: true });
  const isTall = card.offsetHeight > window.innerHeight * 0.8;
  card.scrollIntoView({ block: isTall ? "start" : "nearest" });
}

function move(steps) {
  const all = cards();
  if (all.length === 0) return;
  const at = all.indexOf(current);
  const isFirstStep = at >= 0 && !current.contains(document.activeElement);
  // The first card is current from the start: the first step enters it.
  const to = isFirstStep && steps > 0 ? at : at + steps;
  goTo(all[Math.max(0, Math.min(all.length - 1, to))]);
}

// Taken out of the list, with the place to put it back.
function takeOut(card) {
  const place = document.createComment("");
  card.replaceWith(place);
  return { card, place, id: card.dataset.id };
}

function putBack(taken) {
  if (taken.place.isConnected) taken.place.replaceWith(taken.card);
}

function putBackWith(trouble, taken, isSettled) {
  putBack(taken);
  const line = find(".trouble", taken.card);
  line.replaceChildren(trouble);
  line.hidden = false;
  if (isSettled) settleCard(taken.card, line);
  else count(+1);
  // Who has gone on already is not called back: the next key would hit this one.
  if (!current?.isConnected) goTo(taken.card);
}

function settleCard(card, line) {
  const history = find("[data-key=o]", card);
  history.textContent = "See what was decided";
  line.append(" ", history);
  find("form.decide", card).remove();
  find(".pick", card)?.remove();
}

function takeOutAll(chosen) {
  const all = cards();
  const last = all.indexOf(chosen.at(-1));
  const left = (card) => !chosen.includes(card);
  const next = all.slice(last + 1).find(left) ?? all.slice(0, last).findLast(left);
  const taken = chosen.map(takeOut);
  count(-taken.length);
  goTo(next ?? null);
  if (!next) find("[data-empty]")?.focus();
  fetchMoreSoon();
  return taken;
}

function count(change) {
  const section = list?.dataset.section;
  const shown = findAll(`[data-total], [data-count="${section}"]`);
  for (const text of shown.map((one) => one.firstChild)) {
    // Beyond 10,000 nobody counts: `10,000+` stays.
    if (!/^[\d,]+$/.test(text?.data.trim())) continue;
    const number = Number(text.data.replaceAll(",", "")) + change;
    text.data = Math.max(0, number).toLocaleString("en");
  }
  const empty = find("[data-empty]");
  if (empty) empty.hidden = cards().length > 0 || Boolean(list.dataset.more);
}

// ---- Deciding -------------------------------------------------------------------

const done = []; // what can be undone, the last one last

async function decide(chosen, url, body, words) {
  const taken = takeOutAll(chosen);
  const entry = { taken, said: words, undo: null, until: Date.now() + UNDO_MS };
  done.push(entry);
  say(words);
  showUndo();
  entry.answered = ask(url, body)
    .then((answer) => settle(entry, answer))
    .catch((error) => takeBack(entry, error));
  await entry.answered;
}

function settle(entry, answer) {
  for (const taken of entry.taken) {
    // Ids are the site's own: one may be the name of what every object has.
    if (Object.hasOwn(answer.failed, taken.id)) putBackWith(answer.failed[taken.id], taken, true);
  }
  entry.taken = entry.taken.filter((taken) => !Object.hasOwn(answer.failed, taken.id));
  entry.undo = answer.undo;
  entry.others = answer.others;
  count(-answer.others);
  entry.said = answer.said;
  entry.until = Date.now() + answer.undo.seconds * 1000;
  say(answer.said);
  showUndo();
}

function takeBack(entry, error) {
  if (!(error instanceof Refused)) throw error;
  strike(entry);
  for (const taken of entry.taken) putBackWith(error.message, taken, error.isSettled);
  say(error.message);
}

function decideOne(form, button) {
  const card = form.closest(".card");
  decide([card], form.action, fields(form, button), button.dataset.done);
}

function decideSelected(button) {
  const chosen = selected();
  if (chosen.length === 0) return say("Select a comment first.");
  // The boxes belong to the form from wherever they are, so read it before they go.
  const body = fields(bulk, button);
  for (const card of chosen) find("[name=pick]", card).checked = false;
  const words = `${button.dataset.done} ${chosen.length} comments.`;
  decide(chosen, bulk.action, body, words);
  bulk.reset();
  showSelection();
}

// ---- Undoing --------------------------------------------------------------------

function undoable() {
  while (done.length && done.at(-1).until <= Date.now()) done.pop();
  return done.at(-1);
}

function strike(entry) {
  if (done.includes(entry)) done.splice(done.indexOf(entry), 1);
  showUndo();
}

function showUndo() {
  const entry = undoable();
  undoBar.hidden = !entry;
  if (undoBar.hidden) return;
  find("[data-undo-said]").textContent = entry.said;
  find("[data-left]").textContent = `${Math.ceil((entry.until - Date.now()) / 1000)} s`;
}

async function undo() {
  const entry = undoable();
  if (!entry) return say("Nothing can be undone any more.");
  await entry.answered;
  if (!entry.undo || !done.includes(entry)) return;
  strike(entry);
  const picks = entry.undo.picks.map((pick) => ["pick", pick]);
  try {
    const answer = await ask(undoBar.action, withToken(picks));
    restore(entry, answer);
    say(answer.said);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    say(error.message);
    showTrouble(error.message);
  }
}

function restore(entry, answer) {
  for (const taken of entry.taken) {
    const fresh = parse(Object.hasOwn(answer.cards, taken.id) ? answer.cards[taken.id] : "");
    if (fresh) taken.card = fresh;
    putBack(taken);
  }
  count(entry.taken.length + (entry.others ?? 0));
  // Decided before this page was loaded: it knows no better than the server.
  if (entry.taken.length === 0) return location.reload();
  goTo(entry.taken[0].card);
}

function showTrouble(words) {
  undoBar.hidden = false;
  find("[data-undo-said]").textContent = words;
  find("button", undoBar).hidden = true;
  setTimeout(() => {
    find("button", undoBar).hidden = false;
    showUndo();
  }, 5000);
}

function takeOverUndo() {
  const seconds = Number(undoBar.dataset.seconds);
  if (!seconds) return;
  const picks = findAll("input[name=pick]", undoBar).map((input) => input.value);
  const said = find("[data-undo-said]").textContent;
  const until = Date.now() + seconds * 1000;
  done.push({ taken: [], undo: { picks }, said, until, answered: Promise.resolve() });
  showUndo();
}

// ---- More cards, before they are missed -----------------------------------------

let fetching = null;

function parse(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content.firstElementChild;
}

function fetchMoreSoon() {
  if (!list?.dataset.more || fetching || cards().length >= LOW) return;
  fetching = fetchMore().finally(() => {
    fetching = null;
    count(0);
  });
}

async function fetchMore() {
  try {
    const answer = await ask(list.dataset.more);
    const known = new Set(cards().map((card) => card.dataset.id));
    const template = document.createElement("template");
    template.innerHTML = answer.html;
    for (const card of findAll(".card", template.content)) {
      if (!known.has(card.dataset.id)) list.append(card);
    }
    const next = find("[data-next]");
    if (answer.more) {
      list.dataset.more = answer.more;
      find("a", next).href = answer.more;
    } else {
      delete list.dataset.more;
      next?.remove();
    }
    if (!current?.isConnected) goTo(cards()[0] ?? null);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    say(error.message);
  }
}

// ---- Who looks ------------------------------------------------------------------

let lookTimer = null;

function lookSoon() {
  clearTimeout(lookTimer);
  if (current) lookTimer = setTimeout(look, PASSED_BY_MS);
}

async function look() {
  const card = current;
  const url = (card?.closest("[data-look-at]") ?? card)?.dataset.lookAt;
  if (!url || document.hidden) return;
  lookTimer = setTimeout(look, LOOK_MS);
  try {
    const answer = await ask(url, withToken([["id", card.dataset.id]]));
    showLook(card, answer.look);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    // Nothing is lost: it is asked again, and deciding tells what is wrong.
  }
}

function showLook(card, other) {
  const line = find("[data-look]", card);
  const wasHidden = line.hidden;
  line.hidden = !other;
  if (!other) return;
  find("[data-looker]", line).textContent = other.moderator;
  if (wasHidden && card === current) say(line.textContent);
}

// ---- Selecting ------------------------------------------------------------------

function selected() {
  return cards().filter((card) => find("[name=pick]", card)?.checked);
}

function showSelection() {
  if (!bulk) return;
  const chosen = selected();
  for (const card of cards()) card.classList.toggle("picked", chosen.includes(card));
  bulk.hidden = chosen.length === 0;
  const number = chosen.length === 1 ? "1 comment" : `${chosen.length} comments`;
  find("[data-selected]", bulk).textContent = `${number} selected. Decide all:`;
}

function clearSelection() {
  for (const card of selected()) find("[name=pick]", card).checked = false;
  showSelection();
  say("Nothing is selected.");
}

function select() {
  const box = bulk && current && find("[name=pick]", current);
  if (!box) return;
  box.checked = !box.checked;
  showSelection();
  say(`${box.checked ? "Selected" : "Let go"}; ${selected().length} selected.`);
}

// ---- Keys -----------------------------------------------------------------------

const areKeysOff = () => localStorage.getItem(KEYS_OFF) === "off";

function decidingForm() {
  return bulk && selected().length ? bulk : current && find("form.decide", current);
}

function press(key) {
  find(`[data-key="${key}"]`, decidingForm() ?? document.createElement("p"))?.click();
}

function startRejecting() {
  const form = decidingForm();
  if (!form) return;
  const button = find("[data-suggested]", form) ?? find("[name=reject]", form);
  button.focus();
  const rules = findAll("[name=reject]", form).map(
    (one) => `${one.dataset.key} ${one.value}`,
  );
  say(`Reject as: ${rules.join(", ")}. Enter takes ${button.value}.`);
}

function writeNote() {
  const form = decidingForm();
  const details = form && find("details.remark", form);
  if (!details) return;
  details.open = true;
  find("textarea", details).focus();
}

const KEYS = {
  j: () => move(+1),
  k: () => move(-1),
  a: () => press("a"),
  r: startRejecting,
  1: () => press("1"),
  2: () => press("2"),
  3: () => press("3"),
  e: () => press("e"),
  n: writeNote,
  o: () => current && find("[data-key=o]", current)?.click(),
  u: undo,
  x: select,
  "/": () => find("#f-words")?.focus(),
  "?": showHelp,
  Escape: leave,
};
const REPEATING = new Set(["j", "k"]);

function leave() {
  const at = document.activeElement;
  if (at?.matches(TYPING) || at?.closest("form.decide")) {
    const card = at.closest(".card") ?? current;
    return card ? goTo(card) : at.blur();
  }
  if (selected().length) clearSelection();
}

function onKey(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  if (help?.open || !Object.hasOwn(KEYS, event.key)) return;
  const isEscape = event.key === "Escape";
  if (!isEscape && (event.target.closest(TYPING) || areKeysOff())) return;
  // A key held down must not run through the list deciding.
  if (event.repeat && !REPEATING.has(event.key)) return event.preventDefault();
  if (!isEscape) event.preventDefault();
  KEYS[event.key]();
}

// ---- Times ----------------------------------------------------------------------

// As `service.desk.moments` says them.
function inWords(moment, now) {
  const seconds = Math.floor((now - moment) / 1000);
  if (seconds < 5) return "just now";
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  const days = Math.floor(seconds / 86_400);
  return days === 1 ? "1 day ago" : days < 14 ? `${days} days ago` : null;
}

function renewTimes() {
  for (const time of findAll("time[datetime]")) {
    const words = inWords(new Date(time.dateTime), Date.now());
    if (words && words !== time.textContent) time.textContent = words;
  }
}

// ---- Start ----------------------------------------------------------------------

function showHelp() {
  if (!help) return;
  help.showModal();
  find("form button", help).focus();
}

function startHelp() {
  const button = find("[data-help]");
  const box = find("[data-keys-off]");
  const show = () => document.documentElement.classList.toggle("keys", !areKeysOff());
  if (button) button.hidden = false;
  button?.addEventListener("click", showHelp);
  box.checked = areKeysOff();
  box.addEventListener("change", () => {
    localStorage.setItem(KEYS_OFF, box.checked ? "off" : "on");
    show();
  });
  show();
}

function startList() {
  list.addEventListener("submit", (event) => {
    if (!event.target.matches("form.decide")) return;
    event.preventDefault();
    decideOne(event.target, event.submitter);
  });
  list.addEventListener("change", (event) => {
    if (event.target.name === "pick") showSelection();
  });
  if (!bulk) return;
  bulk.addEventListener("submit", (event) => {
    event.preventDefault();
    decideSelected(event.submitter);
  });
  const clear = find("[data-clear]", bulk);
  clear.hidden = false;
  clear.addEventListener("click", clearSelection);
  showSelection();
}

function startUndo() {
  takeOverUndo();
  undoBar.addEventListener("submit", (event) => {
    event.preventDefault();
    undo();
  });
  setInterval(showUndo, 500);
}

function start() {
  document.documentElement.classList.add("scripted");
  setInterval(renewTimes, TIMES_MS);
  if (cards().length === 0 && !list) return;
  document.addEventListener("keydown", onKey);
  document.addEventListener("focusin", (event) => {
    const card = event.target.closest(".card");
    if (card) setCurrent(card);
  });
  document.addEventListener("visibilitychange", lookSoon);
  if (list) startList();
  if (undoBar) startUndo();
  if (help) startHelp();
  setCurrent(cards()[0] ?? null);
  fetchMoreSoon();
}

start();
