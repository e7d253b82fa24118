// The rules' page: thresholds are tried on past comments as they are typed.
// Without this, the button "Preview" does it; nothing here saves anything.
"use strict";

const WAIT_MS = 350; // after the last key

const form = document.querySelector("form[data-try]");
const shown = document.querySelector("#preview");

let timer = 0;
let asked = null;

function number(name) {
  const text = form.elements[name].value.trim().replace(",", ".");
  const value = Number(text);
  return text && value >= 0 && value <= 1 ? value : 1;
}

function draw() {
  for (const zones of form.querySelectorAll("[data-zones]")) {
    const reject = number(`reject-${zones.dataset.zones}`);
    const flag = Math.min(number(`flag-${zones.dataset.zones}`), reject);
    for (const [name, from] of [[".flags", flag], [".rejects", reject]]) {
      const zone = zones.querySelector(name);
      zone.setAttribute("x", from * 100);
      zone.setAttribute("width", 100 - from * 100);
    }
  }
}

function show(html) {
  const parsed = new DOMParser().parseFromString(html, "text/html");
  shown.replaceChildren(...parsed.body.childNodes);
  shown.hidden = false;
}

function tell(words) {
  const paragraph = document.createElement("p");
  paragraph.className = "problem";
  paragraph.textContent = words;
  shown.replaceChildren(paragraph);
  shown.hidden = false;
}

async function preview() {
  asked?.abort();
  const mine = (asked = new AbortController());
  const body = new URLSearchParams(new FormData(form));
  body.set("do", "preview");
  try {
    const response = await fetch(form.dataset.try, {
      method: "POST",
      body,
      headers: { "X-Requested-With": "desk", Accept: "application/json" },
      signal: mine.signal,
    });
    const answer = await response.json();
    if (mine !== asked) return;
    if (response.ok) show(answer.html);
    else tell(answer.errors?.length ? problems(answer.errors) : answer.said);
  } catch (error) {
    if (error.name !== "AbortError") tell("The desk cannot be reached just now.");
  }
}

function problems(errors) {
  return errors
    .map(({ pointer, detail }) => {
      const label = form.querySelector(`label[for="${CSS.escape(pointer.slice(1))}"]`);
      const rule = label?.closest("fieldset")?.querySelector("legend")?.textContent;
      return label ? `${rule}, ${label.textContent.toLowerCase()}: ${detail}` : detail;
    })
    .join(" ");
}

if (form) {
  form.addEventListener("input", (event) => {
    if (event.target.name === "note") return;
    draw();
    clearTimeout(timer);
    timer = setTimeout(preview, WAIT_MS);
  });
  form.querySelector("[data-preview]").hidden = true;
  draw();
}
