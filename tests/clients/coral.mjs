// What Coral does around an external moderation phase: {url, secrets, requests} in.
// Each request is written and signed as Coral does, answered, and checked by Joi, as
// Coral checks it.  {answers: [{status, text, value | error}]} out; a value is what
// Coral goes by, and null where it goes on as if it had not asked.
import { createHmac } from "node:crypto";
import { text } from "node:stream/consumers";

import Joi from "joi";

const words = (...allowed) => Joi.string().valid(...allowed);
const STATUSES = ["NONE", "APPROVED", "REJECTED", "PREMOD", "SYSTEM_WITHHELD"];
const CODES = [
  "OFFENSIVE",
  "ABUSIVE",
  "SPAM",
  "BANNED_WORD",
  "AD",
  "ILLEGAL_CONTENT",
  "HARASSMENT_BULLYING",
  "MISINFORMATION",
  "HATE_SPEECH",
  "IRRELEVANT_CONTENT",
  "OTHER",
];
const ANSWER = Joi.object({
  status: words(...STATUSES),
  actions: Joi.array().items(
    Joi.object({
      actionType: words("FLAG").required(),
      reason: words(
        "COMMENT_DETECTED_TOXIC",
        "COMMENT_DETECTED_SPAM",
      ).required(),
    }),
  ),
  tags: Joi.array().items(words("FEATURED", "STAFF").required()),
  moderationAction: Joi.object({
    status: words("REJECTED"),
    rejectionReason: Joi.object({
      code: words(...CODES),
      legalGrounds: Joi.string(),
      detailedExplanation: Joi.string(),
      customReason: Joi.string(),
    }),
  }),
});
const HOW = { stripUnknown: true, presence: "optional", abortEarly: false };

const read = (status, said) => {
  if (status < 200 || status > 299) return { error: `status ${status}` };
  if (status === 204 || said === "" || said === "{}") return { value: null };
  const { value, error } = ANSWER.validate(JSON.parse(said), HOW);
  return error ? { error: error.message } : { value };
};

const ask = async (url, secrets, request) => {
  const body = JSON.stringify(request, null, 2);
  const sign = (secret) =>
    `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
  const answer = await fetch(url, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      "X-Coral-Signature": secrets.map(sign).join(","),
    },
    body,
    redirect: "manual",
  });
  const said = await answer.text();
  return { status: answer.status, text: said, ...read(answer.status, said) };
};

const job = JSON.parse(await text(process.stdin));
const answers = [];
for (const said of job.answers ?? []) answers.push(read(200, said));
for (const request of job.requests ?? [])
  answers.push(await ask(job.url, job.secrets, request));
console.log(JSON.stringify({ answers }));
